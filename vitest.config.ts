import { defineConfig } from 'vitest/config'

// Vitest reads the default export of its own configuration file; nowhere else is one used.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
  },
})
