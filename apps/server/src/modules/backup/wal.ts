/** Names of WAL segments, and what follows what. PostgreSQL's default segment: 16 MiB, 256 to a name's middle part. */
export const SEGMENT_BYTES = 16 * 2 ** 20;
const PER_LOG = 2 ** 32 / SEGMENT_BYTES;

export interface Segment {
  /** 24 hex digits: timeline, log, segment. */
  readonly name: string;
  readonly timeline: number;
  /** Position in the order of segments, whatever the timeline. */
  readonly number: number;
  /** The file as it lies in the archive: plain, `.gz`, or still being written. */
  readonly file: string;
  readonly state: 'whole' | 'packed' | 'partial';
}

const FILE = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.gz|\.partial)?$/;

/** What a file of the archive is; null for anything that is no segment. */
export function segmentOf(file: string): Segment | null {
  const match = FILE.exec(file);
  if (!match) return null;
  const [, timeline = '', log = '', part = '', ending] = match;
  return {
    name: timeline + log + part,
    timeline: Number.parseInt(timeline, 16),
    number: Number.parseInt(log, 16) * PER_LOG + Number.parseInt(part, 16),
    file,
    state: ending === '.gz' ? 'packed' : ending === '.partial' ? 'partial' : 'whole',
  };
}

const hex = (n: number): string => n.toString(16).toUpperCase().padStart(8, '0');

export function segmentName(timeline: number, number: number): string {
  return hex(timeline) + hex(Math.floor(number / PER_LOG)) + hex(number % PER_LOG);
}

/** The segment that a position such as 1A/2B000028 lies in. */
export function segmentAt(timeline: number, lsn: string): string {
  const [high = '', low = ''] = lsn.split('/');
  const bytes = Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`not a position in the WAL: ${lsn}`);
  return segmentName(timeline, Math.floor(bytes / SEGMENT_BYTES));
}

/**
 * One file for each segment, in order: where two states of one lie side by side (a crash between packing and removing)
 * the finished one counts.
 */
export function inOrder(files: readonly string[]): Segment[] {
  const best = new Map<string, Segment>();
  const rank = { partial: 0, packed: 1, whole: 2 };
  for (const file of files) {
    const segment = segmentOf(file);
    if (!segment) continue;
    const known = best.get(segment.name);
    if (!known || rank[segment.state] > rank[known.state]) best.set(segment.name, segment);
  }
  return [...best.values()].sort((a, b) => a.timeline - b.timeline || a.number - b.number);
}

/** Names that are missing between the first segment that is needed and the last that is there. */
export function gapsOf(segments: readonly Segment[], first: string): string[] {
  const from = segmentOf(first);
  if (!from) throw new RangeError(`not a segment: ${first}`);
  const there = segments.filter((one) => one.timeline === from.timeline && one.number >= from.number);
  const numbers = new Set(there.map((one) => one.number));
  const last = there.at(-1)?.number ?? from.number - 1;
  const missing: string[] = [];
  for (let number = from.number; number < last && missing.length < 100; number += 1) {
    if (!numbers.has(number)) missing.push(segmentName(from.timeline, number));
  }
  return missing;
}
