import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/config.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** No container engine runs in the tests: what can be checked without one is that the files agree with each other. */
describe('Dockerfile and docker-compose.yml', () => {
  const dockerfile = read('Dockerfile')
  const compose = parse(read('docker-compose.yml'))
  const environment = Object.fromEntries(
    [...(/^ENV (.*)$/m.exec(dockerfile)?.[1] ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
  )

  it('keep the data on a named volume', () => {
    const [mount] = compose.services.coracle.volumes
    const [volume, folder] = mount.split(':')
    expect(compose.volumes).toHaveProperty(volume)
    expect(dockerfile).toContain(`VOLUME ${folder}\n`)
    expect(readConfig([], environment)).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      storage: { kind: 'sqlite', path: `${folder}/coracle.db` },
    })
  })

  it('publish the port that the server listens on, and ask it for its health', () => {
    expect(compose.services.coracle.ports).toEqual(['127.0.0.1:8080:8080'])
    expect(compose.services.coracle.healthcheck.test.join(' ')).toContain('http://127.0.0.1:8080/readyz')
    expect(dockerfile).toContain('EXPOSE 8080')
  })

  it('run as somebody else than root', () => {
    expect(dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))).toMatch(/\nUSER node\n/)
  })

  it('copy only what is there and not ignored', () => {
    const kept = new Set([...read('.dockerignore').matchAll(/^!(.*)$/gm)].map(([, name = '']) => name))
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '))
    expect(copied.filter((source) => !kept.has(source) || !existsSync(join(ROOT, source)))).toEqual([])
    expect(new Set(copied)).toEqual(kept)
  })
})
