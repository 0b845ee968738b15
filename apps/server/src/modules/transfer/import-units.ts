import type { Text, UnitKind } from '@wanmi/contracts';
import { sql } from 'kysely';
import { createUnit, forgetOrg, Move } from '#modules/org';
import { Problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { Cells, Rejected } from './cells.ts';
import {
  judged,
  plain,
  recorder,
  rejected,
  type Ask,
  type Change,
  type Importer,
  type Verdict,
  type Written,
} from './importer.ts';
import type { Row } from './table.ts';

interface UnitNow {
  id: string;
  code: string;
  kind: UnitKind;
  name: Text;
  parent: string | null;
  regionId: string | null;
  duty: string | null;
  calendar: string | null;
}

interface Plan {
  readonly code: string;
  readonly kind: UnitKind;
  readonly name: Text;
  readonly parent: string | null;
  readonly regionId: string | null;
  readonly duty: string | null;
  readonly calendar: string | null;
  readonly now: UnitNow | null;
}

type Taken = Extract<Verdict<Plan>, { plan: Plan }>;

/** 机构: known by their code. What differs becomes a successor with posts, sub-units and open work; nothing is overwritten. */
export async function unitImporter(platform: Platform, ask: Ask): Promise<Importer<Plan>> {
  const { actor } = ask;
  const { cityId } = actor;
  const record = recorder(platform, ask, 'unit');
  const { regions, calendars } = await readGround(platform, cityId);

  function read(cells: Cells, now: UnitNow | null): Plan {
    const code = cells.code('code')!;
    const zh = cells.text('name_zh', 120)!;
    const en = cells.text('name_en', 120);
    const kind = cells.choice<UnitKind>('kind')!;
    if (now && now.kind !== kind) throw new Rejected('unit.kind', 'kind');
    const region = cells.code('region');
    if (region !== null && !regions.has(region)) throw new Rejected('ref.region', 'region');
    const calendar = cells.code('calendar');
    if (calendar !== null && !calendars.has(calendar)) throw new Rejected('ref.calendar', 'calendar');
    const parent = cells.code('parent');
    if (parent === code) throw new Rejected('unit.loop', 'parent');
    return {
      code,
      kind,
      name: { 'zh-CN': zh, en: en ?? (now?.name['zh-CN'] === zh ? now.name.en : zh) },
      parent: cells.has('parent') ? parent : (now?.parent ?? null),
      regionId: cells.has('region')
        ? region === null
          ? null
          : regions.get(region)!
        : (now?.regionId ?? null),
      duty: cells.has('duty') ? cells.code('duty') : (now?.duty ?? null),
      calendar: cells.has('calendar') ? calendar : (now?.calendar ?? null),
      now,
    };
  }

  return {
    chunk: null,
    key: (row) => keyOf(row),
    async judge(db, rows) {
      const units = await readUnits(db, cityId);
      const verdicts = rows.map((row): Verdict<Plan> => {
        const key = keyOf(row);
        return judged(row, key, () => {
          const plan = read(new Cells('units', row), units.get(key ?? '') ?? null);
          const what = plan.now === null ? 'created' : same(plan, plan.now) ? 'unchanged' : 'changed';
          return { what, key: plan.code, plan };
        });
      });
      return parentsFirst(verdicts, units);
    },
    async write(trx, rows) {
      const changes: Change[] = [];
      const refused: Written['refused'] & Map<number, 'unit.inUse'> = new Map();
      for (const { row, what, plan } of rows) {
        if (what === 'unchanged') continue;
        const made = await held(trx, () => (what === 'created' ? create(trx, plan) : change(trx, plan)));
        if (made === null) refused.set(row.row, 'unit.inUse');
        else
          changes.push({
            row: row.row,
            entity: 'unit',
            entityId: made,
            beforeId: plan.now?.id ?? null,
            what: what as 'created' | 'changed',
          });
      }
      return { changes, refused };
    },
    written: () => forgetOrg(platform),
    async undo(trx, { entityId, beforeId }) {
      const unit = await readUnit(trx, cityId, entityId);
      if (!unit) return false;
      const before = beforeId === null ? null : await readEnded(trx, beforeId);
      const done = await held(trx, async () => {
        const move = new Move(trx, platform, actor);
        if (before === null) await move.close(unit.id, null);
        else {
          const parentId = before.parent === null ? null : await idOf(trx, cityId, before.parent);
          await move.succeed(unit.id, columnsOf(before, parentId), 'rename');
        }
        await move.tell(platform);
        await record(trx, 'unit.undo', unit.id);
        return unit.id;
      });
      return done !== null;
    },
  };

  async function create(trx: Trx, plan: Plan): Promise<string> {
    const parentId = plan.parent === null ? null : await idOf(trx, cityId, plan.parent);
    const { kind, code, name, regionId } = plan;
    const id = await createUnit(trx, platform, { cityId, kind, code, name, parentId, regionId });
    await sql`update unit set duty = ${plan.duty}, calendar = ${plan.calendar} where id = ${id}::uuid`.execute(
      trx,
    );
    await record(trx, 'unit.create', id);
    return id;
  }

  async function change(trx: Trx, plan: Plan): Promise<string> {
    // A change of its parent may have moved it meanwhile: it is known by its code.
    const id = await idOf(trx, cityId, plan.code);
    const parentId = plan.parent === null ? null : await idOf(trx, cityId, plan.parent);
    const move = new Move(trx, platform, actor);
    const to = await move.succeed(
      id!,
      columnsOf(plan, parentId),
      plan.parent === plan.now?.parent ? 'rename' : 'move',
    );
    await move.tell(platform);
    await record(trx, 'unit.change', id!, { to });
    return to;
  }
}

/** What open work forbids is undone by itself; the rows around it stay. */
async function held(trx: Trx, work: () => Promise<string>): Promise<string | null> {
  await sql`savepoint transfer_row`.execute(trx);
  try {
    const id = await work();
    await sql`release savepoint transfer_row`.execute(trx);
    return id;
  } catch (error) {
    const refused =
      error instanceof Problem && (error.code === 'conflict.reference' || error.code === 'conflict.race');
    if (!refused) throw error;
    await sql`rollback to savepoint transfer_row`.execute(trx);
    return null;
  }
}

const keyOf = ({ values }: Row): string | null => plain(values['code']) || null;

const columnsOf = (
  { name, regionId, duty, calendar }: Pick<Plan, 'name' | 'regionId' | 'duty' | 'calendar'>,
  parentId: string | null,
): Record<string, unknown> => ({ name, parent_id: parentId, region_id: regionId, duty, calendar });

const same = (a: Plan, b: UnitNow): boolean =>
  a.name['zh-CN'] === b.name['zh-CN'] &&
  a.name.en === b.name.en &&
  a.parent === b.parent &&
  a.regionId === b.regionId &&
  a.duty === b.duty &&
  a.calendar === b.calendar;

/** A unit whose parent is not taken is not taken either; the others come after their parents. */
function parentsFirst(
  verdicts: readonly Verdict<Plan>[],
  units: ReadonlyMap<string, UnitNow>,
): Verdict<Plan>[] {
  const byCode = new Map<string, Taken>();
  for (const one of verdicts) if ('plan' in one && !byCode.has(one.key)) byCode.set(one.key, one);
  const ordered: Verdict<Plan>[] = [];
  const state = new Map<Taken, 'open' | 'taken' | 'refused'>();
  const parentOf = (code: string): string | null =>
    byCode.get(code)?.plan.parent ?? units.get(code)?.parent ?? null;

  const refuse = (one: Taken, reason: 'unit.loop' | 'ref.unit'): false => {
    state.set(one, 'refused');
    ordered.push(rejected(one.row, one.key, reason, 'parent'));
    return false;
  };
  const inLoop = (one: Taken): boolean => {
    const seen = new Set<string>();
    for (let code = one.plan.parent; code !== null; code = parentOf(code)) {
      if (code === one.key || seen.has(code)) return true;
      seen.add(code);
    }
    return false;
  };
  const take = (one: Taken): boolean => {
    const known = state.get(one);
    if (known !== undefined) return known === 'taken';
    const { parent } = one.plan;
    if (parent !== null) {
      if (inLoop(one)) return refuse(one, 'unit.loop');
      const inFile = byCode.get(parent);
      if (inFile && !take(inFile) && !units.has(parent)) return refuse(one, 'ref.unit');
      if (!inFile && !units.has(parent)) return refuse(one, 'ref.unit');
    }
    state.set(one, 'taken');
    ordered.push(one);
    return true;
  };
  for (const one of verdicts) {
    if ('plan' in one) take(one);
    else ordered.push(one);
  }
  return ordered;
}

async function readGround(
  { db, clock }: Platform,
  cityId: string,
): Promise<{ regions: ReadonlyMap<string, string>; calendars: ReadonlySet<string> }> {
  const regions = await sql<{ code: string; id: string }>`
    select code, id from region where city_id = ${cityId}::uuid and valid_to is null`.execute(db);
  const calendars = await sql<{ code: string }>`
    select distinct code from rule_version where city_id = ${cityId}::uuid and kind = 'calendar'
       and state = 'published' and valid_from <= ${new Date(clock.now())}`.execute(db);
  return {
    regions: new Map(regions.rows.map(({ code, id }) => [code, id])),
    calendars: new Set(calendars.rows.map(({ code }) => code)),
  };
}

const columns = sql`u.id, u.code, u.kind, u.name, p.code as parent, u.region_id as "regionId", u.duty, u.calendar`;

async function readUnits(db: Db | Trx, cityId: string): Promise<Map<string, UnitNow>> {
  const { rows } = await sql<UnitNow>`
    select ${columns} from unit u left join unit p on p.id = u.parent_id
     where u.city_id = ${cityId}::uuid and u.valid_to is null`.execute(db);
  return new Map(rows.map((unit) => [unit.code, unit]));
}

/** Only while it is the one in force. */
async function readUnit(trx: Trx, cityId: string, id: string): Promise<UnitNow | undefined> {
  const { rows } = await sql<UnitNow>`
    select ${columns} from unit u left join unit p on p.id = u.parent_id
     where u.id = ${id}::uuid and u.city_id = ${cityId}::uuid and u.valid_to is null`.execute(trx);
  return rows[0];
}

async function readEnded(trx: Trx, id: string): Promise<UnitNow | null> {
  const { rows } = await sql<UnitNow>`
    select ${columns} from unit u left join unit p on p.id = u.parent_id where u.id = ${id}::uuid`.execute(
    trx,
  );
  return rows[0] ?? null;
}

async function idOf(trx: Trx, cityId: string, code: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from unit where city_id = ${cityId}::uuid and code = ${code} and valid_to is null`.execute(trx);
  return rows[0]?.id ?? null;
}
