import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const DEFLATED = 8

/** One file out of a zip archive without comment, encryption or zip64: enough for the archives that tests use. */
export function readFromZip(archive: string, name: string): Buffer {
  const file = openSync(archive, 'r')
  try {
    const read = (offset: number, length: number) => {
      const bytes = Buffer.alloc(length)
      readSync(file, bytes, 0, length, offset)
      return bytes
    }
    const end = read(statSync(archive).size - 22, 22)
    if (end.readUInt32LE(0) !== END_OF_DIRECTORY) throw new Error(`${archive} isn't a zip archive without a comment`)
    const directory = read(end.readUInt32LE(16), end.readUInt32LE(12))
    for (let at = 0; at < directory.length && directory.readUInt32LE(at) === DIRECTORY_ENTRY; ) {
      const nameLength = directory.readUInt16LE(at + 28)
      const next = at + 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
      if (directory.toString('utf8', at + 46, at + 46 + nameLength) !== name) {
        at = next
        continue
      }
      const headerAt = directory.readUInt32LE(at + 42)
      const header = read(headerAt, 30)
      const dataAt = headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
      const data = read(dataAt, directory.readUInt32LE(at + 20))
      return directory.readUInt16LE(at + 10) === DEFLATED ? inflateRawSync(data) : data
    }
    throw new Error(`${archive} has no ${name}`)
  } finally {
    closeSync(file)
  }
}
