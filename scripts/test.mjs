// `npm test`: sets up what the tests need, checks the sources, and runs every test there is.
// Arguments go to vitest (`npm test -- cluster`); the checks of the sources are left out then.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildWeb, ensureBrowser, log, main, requirePackages, rerunOnOwnNode, root, run } from './setup.mjs';

const CHECKS = ['fmt:check', 'lint', 'types', 'sizes', 'gen:check'];

await main(async () => {
  const elsewhere = await rerunOnOwnNode(import.meta.url);
  if (elsewhere !== undefined) return elsewhere;
  requirePackages('vitest', 'oxlint', 'typescript');
  const given = process.argv.slice(2);

  if (!process.env.DATABASE_URL) {
    const { ensureServerPrograms } = await import('../apps/server/src/platform/cluster.ts');
    await ensureServerPrograms(log);
  }
  const chromium = await ensureBrowser(log);
  await buildWeb(log);

  const failed = [];
  for (const check of given.length ? [] : CHECKS) {
    log.info(`\n> ${check}`);
    if ((await run(process.execPath, ['--run', check])) !== 0) failed.push(check);
  }

  const tests = await runVitest(given, { WANMI_E2E: '1', WANMI_CHROMIUM: chromium });
  if (!given.length) {
    const passed = CHECKS.length - failed.length;
    const names = failed.length ? `${failed.length} failed: ${failed.join(', ')} | ` : '';
    log.info(`     Checks  ${names}${passed} passed (${CHECKS.length})`);
  }
  log.info(`      Tests  ${tests.summary}`);
  return tests.code || (failed.length ? 1 : 0);
});

async function runVitest(args, env) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'wanmi-test-'));
  const report = path.join(dir, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run(path.join(root, 'node_modules/.bin/vitest'), ['run', ...reporters, ...args], {
      env,
    });
    return { code, summary: summarise(report) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function summarise(report) {
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return 'did not run to their end';
  }
  // A file that does not even load has no tests that could fail.
  const broken = result.testResults.filter((file) => file.status === 'failed' && !hasFailed(file)).length;
  const counts = [
    [broken, broken === 1 ? 'file failed' : 'files failed'],
    [result.numFailedTests, 'failed'],
    [result.numPassedTests, 'passed'],
    [result.numPendingTests, 'skipped'],
    [result.numTodoTests, 'todo'],
  ];
  const parts = counts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return `${parts.join(' | ') || 'none'} (${result.numTotalTests})`;
}

function hasFailed(file) {
  return file.assertionResults.some((test) => test.status === 'failed');
}
