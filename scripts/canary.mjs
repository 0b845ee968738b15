// The lint walls are only as good as the proof that they stand: the canary must fail (a glob that matches
// nothing passes silently). It is linted with the very rules of the house, minus the line that ignores it.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

const config = JSON.parse(readFileSync('.oxlintrc.json', 'utf8'));
config.ignorePatterns = [];
const file = `.oxlintrc.canary-${process.pid}.json`;
writeFileSync(file, JSON.stringify(config));
const run = spawnSync('oxlint', ['-c', file, 'apps/server/src/modules/canary/must-fail.ts'], {
  encoding: 'utf8',
});
rmSync(file);
const output = `${run.stdout}${run.stderr}`;
if (run.status === 0 || !output.includes('no-restricted-imports')) {
  console.error('The canary passed lint: the wall between modules is down.');
  console.error(output);
  process.exit(1);
}
