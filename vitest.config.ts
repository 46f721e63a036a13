import { defineConfig } from 'vitest/config'

// One process, one module graph for all files: nothing under src/ keeps mutable state at module level.
export default defineConfig({
  test: {
    pool: 'threads',
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    include: ['test/{unit,storage,api,controllers,property}/**/*.test.ts'],
  },
})
