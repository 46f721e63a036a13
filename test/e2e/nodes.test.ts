import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server.stop())

it('has three nodes that get Ready', async () => {
  const lines = await eventually(async () => {
    const table = (await server.kubectl('get', 'nodes')).trimEnd().split('\n')
    expect(table.filter((line) => / Ready /.test(line))).toHaveLength(3)
    return table
  })
  expect(lines[0]).toMatch(/^NAME +STATUS +ROLES +AGE +VERSION$/)
  expect(lines.slice(1).map((line) => line.split(/\s+/)[0])).toEqual(['node-1', 'node-2', 'node-3'])
})
