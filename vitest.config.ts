import { defineConfig } from 'vitest/config'

const shared = { testTimeout: 20_000, hookTimeout: 30_000 }

export default defineConfig({
  test: {
    projects: [
      {
        // One process, one module graph for all files: nothing under src/ keeps mutable state at module level.
        test: {
          ...shared,
          name: 'fast',
          pool: 'threads',
          isolate: false,
          include: ['test/{unit,storage,api,controllers,property}/**/*.test.ts'],
        },
      },
      {
        // Each file starts the built server as a process of its own; they wait for kubectl, so several go at once.
        test: {
          ...shared,
          name: 'e2e',
          // Also on a machine with few cores, where one worker would be the default.
          maxWorkers: 3,
          // After the fast ones, which say more precisely what is wrong.
          sequence: { groupOrder: 1 },
          globalSetup: 'test/support/e2e-setup.ts',
          pool: 'threads',
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          include: ['test/e2e/**/*.test.ts'],
        },
      },
    ],
  },
})
