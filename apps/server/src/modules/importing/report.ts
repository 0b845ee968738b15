import { sql } from 'kysely';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { findBatch } from './batch-repo.ts';
import type { Mapping } from './mapping.ts';

export interface Counted {
  readonly name: string;
  readonly rows: number;
  readonly open: number;
}

/** What an import brought, counted from what is stored: in the register's own words, and in ours. */
export interface ImportReport {
  readonly batch: string;
  readonly file: string;
  readonly sha256: string;
  readonly register: string;
  readonly state: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly read: number;
  readonly accepted: number;
  readonly already: number;
  readonly rejected: number;
  readonly warned: number;
  readonly rejects: Readonly<Record<string, number>>;
  readonly warnings: Readonly<Record<string, number>>;
  readonly marks: Readonly<Record<string, number>>;
  readonly closed: number;
  readonly open: number;
  readonly withPosition: number;
  readonly withoutPosition: number;
  readonly byType: readonly Counted[];
  /** By the city's calendar. */
  readonly byMonth: readonly Counted[];
  readonly byAgency: readonly Counted[];
  /** By the register's word, and by our source. */
  readonly bySource: readonly Counted[];
  readonly byOurSource: readonly Counted[];
  readonly byStatus: readonly Counted[];
  readonly onTime: {
    /** By the dates: promised by, closed. */
    readonly ours: {
      readonly onTime: number;
      readonly late: number;
      readonly running: number;
      readonly none: number;
    };
    /** By the register's own flag; null: it has none. */
    readonly theirs: { readonly onTime: number; readonly late: number; readonly none: number } | null;
    /** As the register says, word by word. */
    readonly said: readonly Counted[];
    /** Each word of the register against our judgement. */
    readonly table: readonly {
      readonly said: string;
      readonly ours: string;
      readonly open: boolean;
      readonly rows: number;
    }[];
    /** Rows that the dates judge, of a register that has a flag. */
    readonly compared: number;
    /** The register does not say what its dates say: it says the opposite, or nothing. */
    readonly disagree: number;
    /** It says nothing, and its dates do. */
    readonly silent: number;
    /** The register says on time, its dates late; and the other way round. */
    readonly saidOnTime: number;
    readonly saidLate: number;
    /** The register says something, and promised nothing. */
    readonly withoutDue: number;
  };
}

/** @throws notFound */
export async function reportOf({ db }: Platform, cityId: string, batchId: string): Promise<ImportReport> {
  const batch = await findBatch(db, cityId, batchId);
  if (!batch || batch.kind !== 'case') throw problem('notFound');
  const grouped = async (key: ReturnType<typeof sql>, byName = false): Promise<Counted[]> => {
    const { rows } = await sql<Counted>`
      select coalesce(${key}, '') as name, count(*)::int as rows, count(*) filter (where f.ended_at is null)::int as open
        from import_row r join fact_case f on f.case_id = r.entity_id
       where r.batch_id = ${batchId}::uuid group by 1
       order by ${byName ? sql`1` : sql`2 desc, 1`}`.execute(db);
    return rows;
  };
  const counts = await sql<{ closed: number; open: number; withPosition: number; withoutPosition: number }>`
    select count(*) filter (where c.ended_at is not null)::int as closed,
           count(*) filter (where c.ended_at is null)::int as open,
           count(c.geom)::int as "withPosition",
           (count(*) - count(c.geom))::int as "withoutPosition"
      from import_row r join "case" c on c.id = r.entity_id where r.batch_id = ${batchId}::uuid`.execute(db);
  const table = await sql<{ said: string; flag: boolean | null; ours: string; open: boolean; rows: number }>`
    select r.kept->>'flag' as said, (r.kept->>'said')::boolean as flag, r.kept->>'judged' as ours,
           f.ended_at is null as open, count(*)::int as rows
      from import_row r join fact_case f on f.case_id = r.entity_id
     where r.batch_id = ${batchId}::uuid group by 1, 2, 3, 4 order by 1, 3, 4`.execute(db);
  const sum = (test: (row: (typeof table.rows)[number]) => boolean): number =>
    table.rows.filter(test).reduce((n, row) => n + row.rows, 0);
  const judged = (row: { ours: string }): boolean => row.ours === 'onTime' || row.ours === 'late';
  const hasFlag = (batch.mapping as Mapping).fields.onTime !== undefined;
  const kept = (name: string) => sql`r.kept->>${name}::text`;
  const of = (prefix: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(batch.counts)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, n]) => [name.slice(prefix.length), n]),
    );
  const {
    id,
    fileName,
    fileSha256,
    register,
    state,
    startedAt,
    endedAt,
    read,
    accepted,
    already,
    rejected,
    warned,
  } = batch;
  return {
    batch: id,
    file: fileName,
    sha256: fileSha256,
    register,
    state,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    read,
    accepted,
    already,
    rejected,
    warned,
    rejects: of('reject:'),
    warnings: of('warning:'),
    marks: of('mark:'),
    ...counts.rows[0]!,
    byType: await grouped(kept('type')),
    byMonth: await grouped(sql`to_char(f.reported_day, 'YYYY-MM')`, true),
    byAgency: await grouped(kept('agency')),
    bySource: await grouped(kept('source')),
    byOurSource: await grouped(sql`f.source`),
    byStatus: await grouped(kept('status')),
    onTime: {
      ours: {
        onTime: sum(({ ours }) => ours === 'onTime'),
        late: sum(({ ours }) => ours === 'late'),
        running: sum(({ ours }) => ours === 'running'),
        none: sum(({ ours }) => ours === 'none'),
      },
      theirs: hasFlag
        ? {
            onTime: sum(({ flag }) => flag === true),
            late: sum(({ flag }) => flag === false),
            none: sum(({ flag }) => flag === null),
          }
        : null,
      said: await grouped(kept('flag')),
      table: table.rows.map(({ said, ours, open, rows }) => ({ said, ours, open, rows })),
      compared: hasFlag ? sum(judged) : 0,
      disagree: hasFlag ? sum((row) => judged(row) && row.flag !== (row.ours === 'onTime')) : 0,
      silent: hasFlag ? sum((row) => row.flag === null && judged(row)) : 0,
      saidOnTime: sum((row) => row.flag === true && row.ours === 'late'),
      saidLate: sum((row) => row.flag === false && row.ours === 'onTime'),
      withoutDue: sum((row) => row.flag !== null && row.ours === 'none'),
    },
  };
}
