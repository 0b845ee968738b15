import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Text } from '@wanmi/contracts';
import { uuidv7 } from '#platform/ids';
import type { Db, Trx } from '#platform/pool';
import { MappingError, type Mapping } from './mapping.ts';
import type { RequestRow } from './row.ts';

/** A unit or category of the city, or why there is none. */
export type Found =
  | { readonly id: string | null; readonly reason: null }
  | { readonly id: null; readonly reason: string };

const NONE: Found = { id: null, reason: null };
const MAX_CODE = 40;

/** A code out of a register's word: always the same for the same word, another for another. */
export function codeOf(word: string): string {
  const plain = word
    .normalize('NFKC')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '');
  if (plain === word && plain.length <= MAX_CODE) return plain;
  const hash = createHash('sha256').update(word).digest('hex').slice(0, 6);
  return `${Array.from(plain)
    .slice(0, MAX_CODE - 7)
    .join('')}-${hash}`;
}

const same = (word: string): Text => ({ 'zh-CN': word, en: word });

interface Made {
  readonly kind: 'unit' | 'scheme' | 'category';
  readonly id: string;
}

/**
 * The units and categories that a register's words mean. What the city does not have is made as it is met, in a
 * transaction of its own before the rows that need it: made again it has the same code, so a second run finds it.
 */
export class Targets {
  readonly #db: Db;
  readonly #cityId: string;
  readonly #batchId: string | null;
  readonly #mapping: Mapping;
  readonly #units = new Map<string, Found>();
  readonly #types = new Map<string, Found>();
  readonly #unitByCode = new Map<string, string>();
  readonly #categoryByCode = new Map<string, string>();
  #schemeId: string | null = null;
  readonly made = { unit: 0, scheme: 0, category: 0 };

  /** `batchId` null: a dry run; what would be made is counted and has no id. */
  constructor(db: Db, cityId: string, batchId: string | null, mapping: Mapping) {
    this.#db = db;
    this.#cityId = cityId;
    this.#batchId = batchId;
    this.#mapping = mapping;
  }

  /** @throws MappingError where the mapping names what the city does not have */
  async load(): Promise<void> {
    const units = await sql<{ id: string; code: string }>`
      select id, code from unit where city_id = ${this.#cityId}::uuid and valid_to is null`.execute(this.#db);
    for (const { id, code } of units.rows) this.#unitByCode.set(code, id);
    const categories = await sql<{ id: string; scheme: string; kind: string; code: string }>`
      select c.id, s.code as scheme, c.kind, c.code from category c join scheme s on s.id = c.scheme_id
       where c.city_id = ${this.#cityId}::uuid and c.valid_to is null`.execute(this.#db);
    for (const { id, scheme, kind, code } of categories.rows) {
      this.#categoryByCode.set(`${scheme} ${kind}:${code}`, id);
      // Without a scheme any that has it; where several have, the mapping must say which.
      const short = `* ${kind}:${code}`;
      this.#categoryByCode.set(short, this.#categoryByCode.has(short) ? '' : id);
    }
    const faults: string[] = [];
    for (const [word, to] of Object.entries(this.#mapping.values?.type?.map ?? {})) {
      if (!('category' in to)) continue;
      const id = this.#categoryByCode.get(`${to.scheme ?? '*'} ${to.category}`);
      if (id) this.#types.set(keyOf('', word), { id, reason: null });
      else
        faults.push(
          `/values/type/map/${word} names no category of the city: ${to.category}${id === '' ? ' (several schemes have it: say which)' : ''}`,
        );
    }
    for (const [word, to] of Object.entries(this.#mapping.values?.agency?.map ?? {})) {
      if (to !== null && !to.name && !this.#unitByCode.has(to.code))
        faults.push(
          `/values/agency/map/${word} names no unit of the city: ${to.code} (with a name it would be made)`,
        );
    }
    if (faults.length > 0) throw new MappingError('the mapping', faults);
  }

  unitOf({ agency }: RequestRow): Found {
    return this.#units.get(agency) ?? NONE;
  }

  categoryOf({ group, type }: RequestRow): Found {
    return this.#types.get(keyOf('', type)) ?? this.#types.get(keyOf(group, type)) ?? NONE;
  }

  /** Learns the words of these rows. */
  async meet(rows: readonly RequestRow[], at: number): Promise<void> {
    const units: { word: string; code: string; name: Text }[] = [];
    const types: { key: string; group: string; name: Text; code: string }[] = [];
    for (const row of rows) {
      if (!this.#units.has(row.agency)) this.#meetUnit(row.agency, units);
      if (!this.#types.has(keyOf('', row.type)) && !this.#types.has(keyOf(row.group, row.type)))
        this.#meetType(row, types);
    }
    if (units.length === 0 && types.length === 0) return;
    const from = Math.min(at, ...rows.map(({ reportedAt }) => reportedAt));
    if (this.#batchId === null) {
      for (const { word } of units) this.#units.set(word, NONE);
      for (const { key } of types) this.#types.set(key, NONE);
      this.made.unit += units.length;
      this.made.category += types.length;
      return;
    }
    await this.#db.transaction().execute(async (trx) => {
      const made: Made[] = [];
      for (const one of units) {
        const id = this.#unitByCode.get(one.code) ?? (await this.#makeUnit(trx, one, from, made));
        this.#unitByCode.set(one.code, id);
        this.#units.set(one.word, { id, reason: null });
      }
      for (const one of types) {
        const id = await this.#makeType(trx, one, from, made);
        this.#types.set(one.key, { id, reason: null });
      }
      for (const { kind, id } of made) {
        this.made[kind] += 1;
        await sql`insert into import_made (batch_id, kind, entity_id, city_id)
          values (${this.#batchId}::uuid, ${kind}, ${id}::uuid, ${this.#cityId}::uuid)`.execute(trx);
      }
    });
  }

  #meetUnit(word: string, units: { word: string; code: string; name: Text }[]): void {
    const rule = this.#mapping.values?.agency;
    const mapped = rule && Object.hasOwn(rule.map, word) ? rule.map[word] : undefined;
    if (mapped === null || (word === '' && mapped === undefined)) this.#units.set(word, NONE);
    else if (mapped !== undefined) {
      const id = this.#unitByCode.get(mapped.code);
      if (id) this.#units.set(word, { id, reason: null });
      else if (!units.some((one) => one.word === word))
        units.push({ word, code: mapped.code, name: mapped.name! });
    } else {
      const otherwise = rule?.otherwise ?? 'create';
      if (otherwise === 'reject') this.#units.set(word, { id: null, reason: 'agency.unknown' });
      else if (otherwise === 'none') this.#units.set(word, NONE);
      else if (!units.some((one) => one.word === word))
        units.push({ word, code: codeOf(word), name: same(word) });
    }
  }

  #meetType(row: RequestRow, types: { key: string; group: string; name: Text; code: string }[]): void {
    const { type, group } = row;
    const rule = this.#mapping.values?.type;
    const mapped = rule && Object.hasOwn(rule.map, type) ? rule.map[type] : undefined;
    const key = keyOf(group, type);
    if (mapped === undefined && type === '') this.#types.set(key, NONE);
    else if (mapped === undefined && rule?.otherwise === 'reject')
      this.#types.set(key, { id: null, reason: 'type.unknown' });
    else if (mapped === undefined && rule?.otherwise === 'none') this.#types.set(key, NONE);
    else if (!types.some((one) => one.key === key)) {
      const name = mapped && 'name' in mapped ? mapped.name : same(type);
      types.push({ key, group, name, code: codeOf(type) });
    }
  }

  async #makeUnit(
    trx: Trx,
    { code, name }: { code: string; name: Text },
    from: number,
    made: Made[],
  ): Promise<string> {
    const id = uuidv7(from);
    await sql`insert into unit (id, city_id, kind, code, name, valid_from)
      values (${id}::uuid, ${this.#cityId}::uuid, 'department', ${code}, ${JSON.stringify(name)}::jsonb, ${new Date(from)})`.execute(
      trx,
    );
    made.push({ kind: 'unit', id });
    return id;
  }

  async #makeType(
    trx: Trx,
    { group, name, code }: { group: string; name: Text; code: string },
    from: number,
    made: Made[],
  ): Promise<string> {
    const { register, scheme = { code: `import/${register}`, name: same(register) } } = this.#mapping;
    if (this.#schemeId === null) {
      const found = await sql<{ id: string }>`
        select id from scheme where city_id = ${this.#cityId}::uuid and code = ${scheme.code}`.execute(trx);
      this.#schemeId = found.rows[0]?.id ?? null;
      if (this.#schemeId === null) {
        const id = uuidv7(from);
        await sql`insert into scheme (id, city_id, code, name)
          values (${id}::uuid, ${this.#cityId}::uuid, ${scheme.code}, ${JSON.stringify(scheme.name)}::jsonb)`.execute(
          trx,
        );
        this.#schemeId = id;
        made.push({ kind: 'scheme', id });
      }
    }
    const schemeId = this.#schemeId;
    const category = async (of: {
      code: string;
      level: number;
      parentId: string | null;
      name: Text;
    }): Promise<string> => {
      const known = this.#categoryByCode.get(`${scheme.code} event:${of.code}`);
      if (known) return known;
      const id = uuidv7(from);
      await sql`insert into category (id, city_id, scheme_id, kind, code, level, parent_id, name, valid_from)
        values (${id}::uuid, ${this.#cityId}::uuid, ${schemeId}::uuid, 'event', ${of.code}, ${of.level},
          ${of.parentId}::uuid, ${JSON.stringify(of.name)}::jsonb, ${new Date(from)})`.execute(trx);
      this.#categoryByCode.set(`${scheme.code} event:${of.code}`, id);
      made.push({ kind: 'category', id });
      return id;
    };
    const above =
      group === '' ? { code: '_', name: scheme.name } : { code: `_${codeOf(group)}`, name: same(group) };
    const parentId = await category({ ...above, level: 1, parentId: null });
    return category({ code, level: 2, parentId, name });
  }
}

const keyOf = (group: string, type: string): string => `${group}\u0000${type}`;
