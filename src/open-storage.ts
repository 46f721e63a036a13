import type { StorageConfig } from './config.ts'
import { MemoryStorage } from './storage/memory/memory-storage.ts'
import type { Storage } from './storage/storage.ts'

/** The engine of a storage URL. Engines are loaded when they are asked for. @throws Error that says what to do */
export async function openStorage(config: StorageConfig): Promise<Storage> {
  if (config.kind === 'memory') return new MemoryStorage()
  const { SqliteStorage } = await import('./storage/sqlite/sqlite-storage.ts')
  try {
    return new SqliteStorage(config.path)
  } catch (error) {
    throw new Error(`can't open ${config.path}: ${advice(error as Error & { code?: string })}`)
  }
}

function advice({ message, code }: Error & { code?: string }): string {
  if (code === 'SQLITE_BUSY') return 'another process has it open; stop that one, or choose another file with --storage sqlite:PATH'
  if (code === 'SQLITE_NOTADB') return 'it is not a database; choose another file with --storage sqlite:PATH'
  return `${message}; choose a place that can be written with --storage sqlite:PATH, or keep nothing with --storage memory:`
}
