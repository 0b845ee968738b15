// What a person waits for: gzip sizes of each entry's first page and of every lazy page on top of it, from the
// build's manifest. Fails above the budgets (docs: style of the web app). Usage: node apps/web/sizes.mjs [dist]
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, 'dist'));
const manifest = JSON.parse(readFileSync(path.join(dist, '.vite/manifest.json'), 'utf8'));

/** KiB before map, chart and designer, which come by themselves when they are to be seen. */
const BUDGETS = { 'console/index.html': { first: 330, page: 450 } };
const LATER = /MapCanvas|maplibre|DrawingBoard/;

const sizes = new Map();
function kib(file) {
  if (!sizes.has(file))
    sizes.set(file, gzipSync(readFileSync(path.join(dist, file)), { level: 9 }).length / 1024);
  return sizes.get(file);
}

/** Files that a chunk needs before it runs. */
function closure(key, found = new Set()) {
  const chunk = manifest[key];
  if (!chunk || found.has(key)) return found;
  found.add(key);
  for (const next of chunk.imports ?? []) closure(next, found);
  return found;
}

function filesOf(keys) {
  return new Set([...keys].flatMap((key) => [manifest[key].file, ...(manifest[key].css ?? [])]));
}

function sum(files) {
  return [...files].reduce((total, file) => total + kib(file), 0);
}

function dynamicBelow(keys, found = new Set()) {
  for (const key of keys) {
    for (const next of manifest[key]?.dynamicImports ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      dynamicBelow(closure(next), found);
    }
  }
  return found;
}

let over = 0;
function line(name, size, budget) {
  const bad = budget !== undefined && size > budget;
  if (bad) over += 1;
  const limit = budget === undefined ? '' : ` of ${budget}`;
  process.stdout.write(
    `${bad ? 'OVER ' : '     '}${name.padEnd(48)}${size.toFixed(1).padStart(7)} KiB${limit}\n`,
  );
}

for (const [entry, budget] of Object.entries(BUDGETS)) {
  if (!manifest[entry]) {
    process.stderr.write(`${entry} is not in the manifest: was everything built?\n`);
    process.exit(2);
  }
  const first = closure(entry);
  line(entry, sum(filesOf(first)), budget.first);
  for (const lazy of [...dynamicBelow(first)].sort()) {
    const own = filesOf(closure(lazy));
    const later = LATER.test(lazy);
    const total = later
      ? sum([...own].filter((file) => !filesOf(first).has(file)))
      : sum(new Set([...filesOf(first), ...own]));
    line(
      `${later ? '  later: ' : '  page: '}${lazy.replace('src/', '')}`,
      total,
      later ? undefined : budget.page,
    );
  }
}
process.exit(over > 0 ? 1 : 0);
