/** Loaded before the program: the machine's clock as somebody keeps setting it wrong, by milliseconds read from a file. */
import { readFileSync } from 'node:fs';

const file = process.env['WANMI_TEST_CLOCK'] ?? '';
const real = Date.now;
let offset = 0;

function look(): void {
  try {
    offset = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    // nobody has set it yet
  }
}
look();
setInterval(look, 50).unref();
Date.now = () => real() + offset;
