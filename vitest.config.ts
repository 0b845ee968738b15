import { defineConfig } from 'vitest/config';

// The browser loop needs Chromium and a built web app; `npm test` has both and says so.
const withE2e = process.env['WANMI_E2E'] === '1';

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/*.test.mjs'],
          // Pure code shares its modules safely, and 20 files start in a second instead of six.
          isolate: false,
          // Property tests share two cores with whatever else runs.
          testTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'server',
          include: ['apps/server/src/**/*.test.ts'],
          globalSetup: ['apps/server/src/platform/testing-setup.ts'],
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 400_000,
        },
      },
      './apps/web/vitest.config.ts',
      ...(withE2e
        ? [
            {
              test: {
                name: 'e2e',
                include: ['e2e/**/*.test.ts'],
                fileParallelism: false,
                testTimeout: 180_000,
                hookTimeout: 300_000,
                sequence: { groupOrder: 1 },
              },
            },
          ]
        : []),
    ],
  },
});
