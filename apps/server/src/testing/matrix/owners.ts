import type { Pool } from 'pg';
import { KEY, MASKED, maskedIndex, WHOLE, type CityKey, type Planted } from '../scene.ts';
import type { Viewer } from '../viewers.ts';

/** Whose an id is: of which city, and of which case where it is a part of one. */
interface Owner {
  readonly table: string;
  readonly city: CityKey;
  readonly planted: Planted | undefined;
}

const CASE_NO = /\d{8}-\d{5}/g;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Every test person's own number. */
const STAFF_PHONE = '13800001234';

/** Finds in an answer what its reader must not see. */
export class Owners {
  readonly #owners = new Map<string, Owner>();
  readonly #byKey: ReadonlyMap<string, Planted>;
  /** Two cities count alike: a number is looked up in the reader's own. */
  readonly #byNumber: ReadonlyMap<string, Planted>;
  readonly #reporters: ReadonlyMap<number, Planted>;

  private constructor(planted: readonly Planted[], reporters: ReadonlyMap<number, Planted>) {
    this.#byKey = new Map(planted.map((one) => [one.key, one]));
    this.#byNumber = new Map(planted.map((one) => [one.city + one.caseNo, one]));
    this.#reporters = reporters;
  }

  /** Every id in the database, by its table; what has a `case_id` belongs to that case. */
  static async read(
    pool: Pool,
    cityKeys: ReadonlyMap<string, CityKey>,
    planted: readonly Planted[],
    reporters: ReadonlyMap<number, Planted>,
  ): Promise<Owners> {
    const owners = new Owners(planted, reporters);
    const byCase = new Map(planted.map((one) => [one.caseId, one]));
    const { rows: tables } = await pool.query<{ name: string; has_case: boolean }>(`
      select c.table_name as name,
        exists (select 1 from information_schema.columns k where k.table_schema = 'public'
                 and k.table_name = c.table_name and k.column_name = 'case_id') as has_case
      from information_schema.columns c
      join information_schema.columns i on i.table_schema = 'public' and i.table_name = c.table_name
        and i.column_name = 'id' and i.data_type = 'uuid'
      where c.table_schema = 'public' and c.column_name = 'city_id' order by 1`);
    const caseOf: Record<string, string> = {
      case: 't.id',
      media: '(select x.case_id from case_media x where x.media_id = t.id limit 1)',
      reporter: '(select x.case_id from report x where x.reporter_id = t.id)',
    };
    const queries = tables.map(
      ({ name, has_case }) =>
        `select '${name}' as name, t.id, t.city_id, ${caseOf[name] ?? (has_case ? 't.case_id' : 'null::uuid')} as case_id
           from "${name}" t`,
    );
    const { rows } = await pool.query<{ name: string; id: string; city_id: string; case_id: string | null }>(
      [...queries, `select 'city', id, id, null::uuid from city`].join(' union all '),
    );
    for (const row of rows) {
      owners.#owners.set(row.id, {
        table: row.name,
        city: cityKeys.get(row.city_id)!,
        planted: byCase.get(row.case_id ?? ''),
      });
    }
    return owners;
  }

  get size(): number {
    return this.#owners.size;
  }

  /** What in this text a viewer (null: nobody) must not be shown; `revealed` may name reporters in full. */
  leaks(text: string, viewer: Viewer | null, revealed = false): string[] {
    const found: string[] = [];
    const shown = (planted: Planted | undefined): boolean =>
      planted !== undefined && viewer !== null && viewer.sees(planted);
    for (const [key] of text.matchAll(KEY)) {
      if (!shown(this.#byKey.get(key))) found.push(`words of ${key}`);
    }
    for (const match of text.matchAll(MASKED)) {
      const planted = this.#reporters.get(maskedIndex(match));
      const blind = viewer === null || ['department', 'crew'].includes(viewer.role);
      if (blind || !shown(planted) || !viewer.may('report.read')) found.push(`reporter ${match[0]}`);
    }
    for (const [caseNo] of text.matchAll(CASE_NO)) {
      const planted = this.#byNumber.get(`${viewer?.city ?? 'h'}${caseNo}`);
      if (planted && !shown(planted)) found.push(`number ${caseNo}`);
    }
    if (!revealed && WHOLE.test(text)) found.push('a reporter in full');
    if (text.includes(STAFF_PHONE)) found.push("a colleague's number in full");
    for (const [id] of text.matchAll(UUID)) {
      const owner = this.#owners.get(id);
      if (!owner) continue;
      if (viewer === null || owner.city !== viewer.city) found.push(`${owner.table} ${id} of ${owner.city}`);
      else if (owner.planted && !viewer.sees(owner.planted)) {
        found.push(`${owner.table} ${id} of ${owner.planted.name}`);
      }
    }
    return [...new Set(found)];
  }
}
