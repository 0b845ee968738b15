import type { RosterFault, RosterImported } from '@wanmi/contracts';
import { holdersOf, unitsInReach, type Holder } from '#modules/org';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { readCsv } from '#platform/csv';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import {
  collisions,
  groundOf,
  countKnown,
  insertLines,
  planLine,
  type Ground,
  type Planned,
} from './planning.ts';
import { record } from './roster.ts';
import { isFor, isValidOn, lockShifts } from './shifts.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_ROWS = 20_000;
const SHOWN = 200;

interface CsvLine {
  readonly line: number;
  readonly username: string;
  readonly unit: string;
  readonly role: string;
  readonly day: string;
  readonly shift: string;
}

type Bad = RosterImported['bad'][number];

/**
 * Rows of a CSV file (`username`, `day`, `shift`; `unit` and `role` where somebody has several posts) become lines of
 * the roster. A bad row stops no other; each is named with its line and what is wrong with it.
 * @throws csv.header, csv.encoding, csv.broken, media.tooLarge
 */
export async function importRoster(
  platform: Platform,
  actor: Actor,
  source: AsyncIterable<Uint8Array>,
  dryRun: boolean,
  meta: CommandMeta,
): Promise<RosterImported> {
  const { lines, bad } = await readLines(source);
  return platform.db.transaction().execute(async (trx) => {
    await lockShifts(trx, actor.cityId);
    const ground = await groundOf(platform, trx, actor.cityId);
    const posts = await postsByName(platform, trx, actor, lines);
    const planned: { line: number; made: Planned }[] = [];
    for (const line of lines) {
      const made = planRow(ground, line, posts.get(line.username.toLowerCase()) ?? []);
      if ('code' in made) bad.push(made);
      else planned.push({ line: line.line, made });
    }
    const clashes = await collisions(
      trx,
      planned.map(({ made }) => made),
    );
    for (const [at, code] of clashes) bad.push({ line: planned[at]!.line, code, column: 'day' });
    const good = planned.filter((_, at) => !clashes.has(at)).map(({ made }) => made);
    const known = await countKnown(trx, good);
    const counts = {
      rows: good.length + bad.length,
      imported: good.length - known,
      known,
      badTotal: bad.length,
    };
    if (!dryRun) {
      await insertLines(trx, ground.cityId, good);
      await record(trx, platform, actor, 'roster.import', null, meta, counts);
    }
    return { ...counts, bad: bad.toSorted((a, b) => a.line - b.line).slice(0, SHOWN) };
  });
}

async function readLines(source: AsyncIterable<Uint8Array>): Promise<{ lines: CsvLine[]; bad: Bad[] }> {
  const lines: CsvLine[] = [];
  const bad: Bad[] = [];
  const required = ['username', 'day', 'shift'];
  for await (const { line, record: row, fault } of readCsv(source, { required, maxBytes: MAX_BYTES })) {
    if (lines.length + bad.length >= MAX_ROWS) throw problem('media.tooLarge', { maxBytes: MAX_BYTES });
    if (fault) bad.push({ line, code: fault, column: null });
    else {
      const of = (column: string): string => (row[column] ?? '').trim();
      lines.push({
        line,
        username: of('username'),
        unit: of('unit'),
        role: of('role'),
        day: of('day'),
        shift: of('shift'),
      });
    }
  }
  return { lines, bad };
}

/** User name → posts in the units that the planner runs: who is out of reach is nobody. */
async function postsByName(
  platform: Platform,
  trx: Trx,
  actor: Actor,
  lines: readonly CsvLine[],
): Promise<ReadonlyMap<string, Holder[]>> {
  const usernames = [...new Set(lines.map((line) => line.username.toLowerCase()))];
  const reach = await unitsInReach(platform, actor, false);
  const filter = { usernames, ...(reach === null ? {} : { unitIds: [...reach] }) };
  const found = await holdersOf(platform, actor.cityId, filter, platform.clock.now(), trx);
  return Map.groupBy(found.values(), (one) => one.username.toLowerCase());
}

function planRow(ground: Ground, row: CsvLine, posts: readonly Holder[]): Planned | Bad {
  const fault = (code: RosterFault, column: string): Bad => ({ line: row.line, code, column });
  if (posts.length === 0) return fault('person.unknown', 'username');
  const fitting = posts
    .filter((one) => row.unit === '' || one.unit.code === row.unit)
    .filter((one) => row.role === '' || one.role === row.role);
  if (fitting.length === 0) return fault('post.unknown', row.unit === '' ? 'role' : 'unit');
  if (fitting.length > 1) return fault('post.ambiguous', 'username');
  const post = fitting[0]!;
  const day = dayOf(row.day);
  if (day === null) return fault('day.invalid', 'day');
  const named = [...ground.shifts.values()].filter((one) => one.code === row.shift);
  // Of one code there are several sets of hours, each for its own days.
  const shift = named.find((one) => isValidOn(one, day)) ?? named[0];
  const unit = ground.units.get(post.unitId);
  // Another unit's own shift is nobody's business.
  if (!shift || (shift.unitId !== null && unit && !isFor(shift, unit)))
    return fault('shift.unknown', 'shift');
  const made = planLine(ground, { postId: post.postId, day, shiftId: shift.id }, post);
  return typeof made === 'string'
    ? fault(made, made === 'shift.notValid' || made === 'shift.noHours' ? 'day' : 'shift')
    : made;
}

/** 2026-03-03 or, as spreadsheets write it, 2026/3/3. */
function dayOf(text: string): string | null {
  const found = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(text);
  if (!found) return null;
  const day = `${found[1]}-${found[2]!.padStart(2, '0')}-${found[3]!.padStart(2, '0')}`;
  const date = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day ? null : day;
}
