import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { storageContract } from './contract.ts'

storageContract({ name: 'memory', open: () => new MemoryStorage() })
