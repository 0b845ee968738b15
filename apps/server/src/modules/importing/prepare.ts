import { sql } from 'kysely';
import { addHistory, type HistoryCase } from '#modules/cases';
import { processFor } from '#modules/catalog';
import { placesOf, type Place } from '#modules/grid';
import { addHistoryFacts } from '#modules/statistics';
import { Breath } from '#platform/breath';
import { CopyLot } from '#platform/copy';
import type { Platform } from '#platform/platform';
import type { BatchCounts, Reject } from './batch.ts';
import { knownRows, type TakenRow } from './batch-repo.ts';
import { historyOf, judge, type BuildFrame } from './build.ts';
import type { FileRow } from './file.ts';
import type { Mapping } from './mapping.ts';
import type { RequestRow } from './row.ts';
import type { Targets } from './targets.ts';

/** Read by the file alone: nothing of the database is in it yet. */
export interface Stretch {
  readonly from: number;
  readonly read: number;
  readonly rows: RequestRow[];
  readonly cellsOf: ReadonlyMap<number, FileRow>;
  readonly rejects: Reject[];
}

/** What is to be written of a stretch. */
export interface Prepared {
  readonly from: number;
  readonly counts: BatchCounts;
  readonly rejects: readonly Reject[];
  readonly lot: CopyLot;
  /** Beginnings of the months whose partitions must be there. */
  readonly months: ReadonlySet<number>;
}

/** Cases whose rows are written out together: some milliseconds of work. */
const SLICE = 20;

const ROW = ['city_id', 'kind', 'register', 'source_id', 'batch_id', 'row', 'entity_id', 'seq', 'kept'];

/** Turns rows that were read into cases, by what the city has already. */
export class Preparing {
  readonly #platform: Platform;
  readonly #mapping: Mapping;
  readonly #frame: BuildFrame;
  readonly #targets: Targets;
  readonly #zone: string;
  readonly #places = new Map<string, Place | null>();
  #asks = { known: true, numbers: true, area: true };

  constructor(platform: Platform, mapping: Mapping, frame: BuildFrame, targets: Targets, zone: string) {
    this.#platform = platform;
    this.#mapping = mapping;
    this.#frame = frame;
    this.#targets = targets;
    this.#zone = zone;
  }

  /** What there is at all: a first import into a city without an area need not ask for every row. */
  async look(): Promise<void> {
    const { cityId, casePrefix, register } = this.#frame;
    const { rows } = await sql<{ known: boolean; numbers: boolean; area: boolean }>`
      select exists (select 1 from import_row where city_id = ${cityId}::uuid and kind = 'case'
               and register = ${register} and batch_id is distinct from ${this.#frame.batchId || null}::uuid) as known,
             exists (select 1 from "case" where city_id = ${cityId}::uuid
               and starts_with(case_no, ${casePrefix})
               and not exists (select 1 from import_row r where r.entity_id = "case".id)) as numbers,
             exists (select 1 from city where id = ${cityId}::uuid and geom is not null)
               or exists (select 1 from grid where city_id = ${cityId}::uuid and kind = 'unit') as area`.execute(
      this.#platform.db,
    );
    this.#asks = rows[0]!;
  }

  /** What the database knows of the rows, and the cases that they become. */
  async prepare({ from, read, rows, cellsOf, rejects }: Stretch): Promise<Prepared> {
    const { db } = this.#platform;
    const mapping = this.#mapping;
    const frame = this.#frame;
    const { cityId } = frame;
    const known = this.#asks.known
      ? await knownRows(
          db,
          { cityId, kind: 'case', register: mapping.register },
          rows.map(({ sourceId }) => sourceId),
        )
      : new Map<string, unknown>();
    const fresh = rows.filter(({ sourceId }) => !known.has(sourceId));
    const [takenNos] = await Promise.all([
      this.#takenNumbers(fresh),
      this.#targets.meet(fresh, frame.now),
      this.#learnPlaces(fresh),
    ]);
    const counts: Record<string, number> = {};
    const count = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
    const refused = [...rejects];
    const lot = new CopyLot();
    const months = new Set<number>();
    let cases: HistoryCase[] = [];
    let taken: TakenRow[] = [];
    let accepted = 0;
    let warned = 0;
    const add = (): void => {
      this.#add(lot, months, cases, taken);
      accepted += cases.length;
      cases = [];
      taken = [];
    };
    const breath = new Breath();
    for (const row of fresh) {
      if (cases.length === SLICE) add();
      // The database is given what it waits for.
      await breath.take();
      const no = (reason: string, field: string): void =>
        void refused.push(rejectOf(cellsOf.get(row.row)!, { reason, field, sourceId: row.sourceId }));
      if (takenNos.has(`${frame.casePrefix}${row.sourceId}`)) {
        no('caseNo.taken', 'id');
        continue;
      }
      const unit = this.#targets.unitOf(row);
      const category = this.#targets.categoryOf(row);
      const unknown = unit.reason ?? category.reason;
      if (unknown !== null) {
        no(unknown, unit.reason ? 'agency' : 'type');
        continue;
      }
      let { point } = row;
      let place: Place | null = null;
      const warnings = [...row.warnings];
      const marks = [...row.marks];
      if (point !== null) {
        place = this.#places.get(placeKey(point)) ?? null;
        // What the mapping takes for the register's area counts for more than the city's borders.
        if (place === null && (mapping.position?.within || !this.#asks.area)) marks.push('position.noPlace');
        else if (place === null) {
          const rule = mapping.position?.outside ?? 'keep';
          if (rule === 'reject') {
            no('position.outside', 'latitude');
            continue;
          }
          warnings.push('position.outside');
          if (rule === 'withoutPosition') point = null;
        }
      }
      const built = historyOf({ ...row, point }, frame, { unitId: unit.id, categoryId: category.id, place });
      const process = await processFor(this.#platform, cityId, row.source);
      cases.push({ ...built, processId: process.id });
      const judged = judge(row, frame.now);
      for (const one of warnings) count(`warning:${one}`);
      for (const one of marks) count(`mark:${one}`);
      if (warnings.length > 0) warned += 1;
      taken.push({
        row: row.row,
        sourceId: row.sourceId,
        entityId: built.id,
        seq: built.entries.length,
        kept: {
          type: row.type,
          agency: row.agency,
          source: row.words.source,
          status: row.words.status,
          flag: row.words.onTime,
          said: row.saidOnTime,
          judged,
          ...(row.dueAt === null ? {} : { dueAt: new Date(row.dueAt).toISOString() }),
          ...(warnings.length > 0 ? { warnings } : {}),
        },
      });
    }
    add();
    refused.sort((a, b) => a.row - b.row);
    for (const { reason } of refused) count(`reject:${reason}`);
    const already = rows.length - fresh.length;
    return {
      from,
      counts: { read, accepted, rejected: refused.length, already, warned, counts },
      rejects: refused,
      lot,
      months,
    };
  }

  #add(lot: CopyLot, months: Set<number>, cases: readonly HistoryCase[], taken: readonly TakenRow[]): void {
    const { cityId, register, batchId } = this.#frame;
    for (const { reportedAt, assignments } of cases) {
      months.add(monthOf(reportedAt));
      // A row of a month's last moments may lie in the next one by its dispatch.
      for (const { fact } of assignments) months.add(monthOf(Date.parse(fact.dispatchedAt)));
    }
    // A dry run has no batch, and writes nothing.
    if (batchId === '') return;
    addHistoryFacts(lot, addHistory(lot, cases), this.#zone);
    lot.add(
      'import_row',
      ROW,
      taken.map(({ row, sourceId, entityId, seq, kept }) => [
        cityId,
        'case',
        register,
        sourceId,
        batchId,
        row,
        entityId,
        seq ?? null,
        JSON.stringify(kept),
      ]),
    );
  }

  async #takenNumbers(rows: readonly RequestRow[]): Promise<Set<string>> {
    if (rows.length === 0 || !this.#asks.numbers) return new Set();
    const { casePrefix, cityId } = this.#frame;
    const found = await sql<{ no: string }>`
      select case_no as no from "case" where city_id = ${cityId}::uuid
         and case_no = any(${rows.map(({ sourceId }) => `${casePrefix}${sourceId}`)}::text[])`.execute(
      this.#platform.db,
    );
    return new Set(found.rows.map(({ no }) => no));
  }

  async #learnPlaces(rows: readonly RequestRow[]): Promise<void> {
    if (!this.#asks.area) return;
    const wanted = new Map<string, { lon: number; lat: number }>();
    for (const { point } of rows) {
      if (point !== null && !this.#places.has(placeKey(point))) wanted.set(placeKey(point), point);
    }
    const places = await placesOf(this.#platform.db, this.#frame.cityId, [...wanted.values()]);
    if (this.#places.size > 200_000) this.#places.clear();
    for (const [index, key] of [...wanted.keys()].entries()) this.#places.set(key, places[index] ?? null);
  }
}

function monthOf(ms: number): number {
  const at = new Date(ms);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
}

const placeKey = ({ lon, lat }: { lon: number; lat: number }): string => `${lon} ${lat}`;

export const rejectOf = (
  { row, line, cells }: FileRow,
  { reason, field, sourceId }: { reason: string; field: string | null; sourceId: string | null },
): Reject => ({
  row,
  line,
  sourceId,
  reason,
  field,
  cells: cells.map((cell) => cell.toWellFormed().replaceAll('\0', '')),
});
