import { defineConfig } from 'vitest/config'

// Vitest reads the default export of its own configuration file; nowhere else is one used.
export default defineConfig({
  test: {
    projects: [
      {
        // `npm test`: beside the code they test; real processes, sockets and databases, each test in seconds.
        extends: true,
        test: { name: 'unit', include: ['src/**/*.test.ts'] },
      },
      {
        // `npm run test:slow`: whole programs and the house's own tools.
        extends: true,
        test: {
          name: 'slow',
          include: ['test/**/*.test.ts'],
          exclude: ['test/package.test.ts', 'test/kills/**', 'test/kubernetes/**'],
          testTimeout: 180_000,
        },
      },
      {
        // `npm run test:kills`: releases whose engine is killed again and again.
        extends: true,
        test: { name: 'kills', include: ['test/kills/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        // `npm run test:kubernetes`: against two real control planes, which it builds the first time.
        extends: true,
        test: {
          name: 'kubernetes',
          include: ['test/kubernetes/**/*.test.ts'],
          globalSetup: ['test/kubernetes/global-setup.ts'],
          // Side by side, as they wait for ticks most of the time. What stops a controller has a control plane of its own.
          maxWorkers: 4,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        // `npm run test:package`: what `npm pack` gives, installed elsewhere.
        extends: true,
        test: { name: 'package', include: ['test/package.test.ts'], testTimeout: 60_000, hookTimeout: 180_000 },
      },
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
})
