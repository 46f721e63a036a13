/** What vitest does once before the end-to-end tests. */
import { unpackTools } from './kubectl.ts'

export default unpackTools
