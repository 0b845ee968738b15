import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { chainHash, type HashAlgorithm } from '#platform/canonical';
import { chainedRoot, GrowingTree, headLeaf } from '#modules/integrity';
import { readManifest } from './export.ts';

export interface ExportFault {
  readonly file: string;
  readonly what: 'missing' | 'hash' | 'rows' | 'chain' | 'head' | 'dailyHead' | 'root';
  readonly detail: string;
}

export interface ExportProof {
  readonly files: number;
  readonly cases: number;
  readonly events: number;
  readonly roots: number;
  readonly faults: readonly ExportFault[];
}

interface Event {
  seq: number;
  body: string;
  hash: string;
  algorithm: HashAlgorithm;
}

interface CaseLine {
  case: { id: string; seq: number; head: string };
  events: Event[];
}

interface HeadLine {
  case_id: string;
  day: string;
  seq: number;
  hash: string;
}

/** Checks an unpacked export by its own files, without a database: hashes, counts, every chain and every daily root. */
export async function verifyExport(folder: string): Promise<ExportProof> {
  const faults: ExportFault[] = [];
  const { files } = await readManifest(folder);
  for (const { path: file, sha256, bytes, rows } of files) {
    const found = await look(path.join(folder, file)).catch(() => null);
    if (!found) faults.push({ file, what: 'missing', detail: '' });
    else if (found.sha256 !== sha256 || found.bytes !== bytes)
      faults.push({ file, what: 'hash', detail: found.sha256 });
    else if (file.endsWith('.ndjson') && rows !== found.lines)
      faults.push({ file, what: 'rows', detail: `${found.lines} of ${rows}` });
  }
  const { cases, events, heads } = await chains(folder, faults);
  const roots = await daily(folder, heads, faults);
  return { files: files.length, cases, events, roots, faults };
}

async function look(file: string): Promise<{ sha256: string; bytes: number; lines: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let lines = 0;
  for await (const chunk of createReadStream(file)) {
    const part = chunk as Buffer;
    hash.update(part);
    bytes += part.length;
    for (const byte of part) if (byte === 10) lines += 1;
  }
  return { sha256: hash.digest('hex'), bytes, lines };
}

async function* linesOf<T>(folder: string, file: string): AsyncGenerator<T> {
  const reader = createInterface({ input: createReadStream(path.join(folder, file)), crlfDelay: Infinity });
  for await (const line of reader) if (line !== '') yield JSON.parse(line) as T;
}

/** Hashes of each entry that a daily head speaks of stay in memory: one per case and day. */
async function chains(
  folder: string,
  faults: ExportFault[],
): Promise<{ cases: number; events: number; heads: HeadLine[] }> {
  const file = 'cases/cases.ndjson';
  const heads: HeadLine[] = [];
  const wanted = new Map<string, HeadLine[]>();
  for await (const head of linesOf<HeadLine>(folder, 'data/log_head.ndjson')) {
    heads.push(head);
    const known = wanted.get(head.case_id);
    if (known) known.push(head);
    else wanted.set(head.case_id, [head]);
  }
  let cases = 0;
  let events = 0;
  for await (const { case: one, events: log } of linesOf<CaseLine>(folder, file)) {
    cases += 1;
    events += log.length;
    const broken = firstBroken(log);
    if (broken !== null) faults.push({ file, what: 'chain', detail: `${one.id} ${broken}` });
    const last = log.at(-1);
    if (last?.seq !== one.seq || hexOf(one.head) !== last.hash)
      faults.push({ file, what: 'head', detail: one.id });
    for (const head of wanted.get(one.id) ?? []) {
      if (log[head.seq - 1]?.hash !== hexOf(head.hash))
        faults.push({ file: 'data/log_head.ndjson', what: 'dailyHead', detail: `${one.id} ${head.day}` });
    }
  }
  return { cases, events, heads };
}

function firstBroken(log: readonly Event[]): number | null {
  let previous: Buffer | null = null;
  for (const [at, { seq, body, hash, algorithm }] of log.entries()) {
    const made = chainHash(previous, body, algorithm);
    if (seq !== at + 1 || made.toString('hex') !== hash) return at + 1;
    previous = made;
  }
  return null;
}

const hexOf = (text: string): string => text.replace(/^\\x/, '');

async function daily(folder: string, heads: readonly HeadLine[], faults: ExportFault[]): Promise<number> {
  const latest = new Map<string, HeadLine>();
  const byDay = Map.groupBy(heads, ({ day }) => day);
  const days = [...byDay.keys()].sort();
  let previous: string | null = null;
  let count = 0;
  for await (const root of linesOf<{
    day: string;
    algorithm: HashAlgorithm;
    root: string;
    previous: string | null;
  }>(folder, 'data/log_root.ndjson')) {
    while (days.length > 0 && days[0]! <= root.day) {
      for (const head of byDay.get(days.shift()!)!) latest.set(head.case_id, head);
    }
    const tree = new GrowingTree(root.algorithm);
    for (const id of [...latest.keys()].sort()) {
      const { seq, hash } = latest.get(id)!;
      tree.append(headLeaf(id, seq, Buffer.from(hexOf(hash), 'hex')));
    }
    const made = chainedRoot(tree.root(), previous, root.algorithm);
    if (made !== hexOf(root.root))
      faults.push({ file: 'data/log_root.ndjson', what: 'root', detail: root.day });
    previous = hexOf(root.root);
    count += 1;
  }
  return count;
}
