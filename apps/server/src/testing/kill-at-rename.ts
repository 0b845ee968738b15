/**
 * Loaded before a program: kills it in the middle of an exchange of directories, after as many of its renames as
 * WANMI_TEST_RENAMES says (0: when they have been written down).
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const most = Number(process.env['WANMI_TEST_RENAMES']);
const rename = fs.renameSync;
let done = -1;

fs.renameSync = (from, to) => {
  rename(from, to);
  if (done >= 0 || String(to).endsWith('exchange.json')) done += 1;
  if (done === most) process.kill(process.pid, 'SIGKILL');
};
syncBuiltinESMExports();
