import type { CategoryKind, LimitUnit } from '@wanmi/contracts';
import {
  deleteDraft,
  groundOf,
  insertDraft,
  isFault,
  pathOf,
  readDraft,
  readTableText,
  rulesInForce,
  tableLine,
  type RuleSet,
} from '#modules/publishing';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { Cells, Rejected } from './cells.ts';
import { judged, plain, recorder, type Ask, type Importer, type Verdict } from './importer.ts';
import type { Row } from './table.ts';

const MANUAL = pathOf('table', 'manual');
const CONDITION = pathOf('table', 'condition');
const KEY = ['scheme', 'kind', 'category', 'condition', 'area', 'owner'] as const;
const LIMITS = ['limit_value', 'limit_unit', 'limit_a', 'limit_b', 'limit_c'] as const;

interface Plan {
  readonly line: Readonly<Record<string, string>>;
  /** Of its condition; null: nothing is said of limits. */
  readonly limits: Readonly<Partial<Record<(typeof LIMITS)[number], string>>> | null;
}

/**
 * 监督指挥手册: rows are known by condition, area and owner; rows that the file does not have stay. Nothing is in force
 * by it: it makes a draft of the rules, which is checked and published like any other.
 */
export async function manualImporter(platform: Platform, ask: Ask): Promise<Importer<Plan>> {
  const { actor } = ask;
  const { cityId } = actor;
  const record = recorder(platform, ask, 'rule_draft');
  const { publication, files } = await rulesInForce(platform, cityId);
  const ground = await groundOf(platform.db, cityId);
  const manual = new Lines(files, MANUAL);
  const conditions = new Lines(files, CONDITION);
  const categories = new Lines(files, pathOf('table', 'category'));
  const departments = new Set([
    ...new Lines(files, pathOf('table', 'department')).all.map((line) => line['code']!),
    ...ground.units,
  ]);
  const schemes = new Lines(files, pathOf('table', 'scheme')).all;
  const active = schemes.find((line) => line['active'] === 'true')?.['code'] ?? schemes[0]?.['code'] ?? '';
  const categoryKeys = new Set(
    categories.all.map((line) => `${line['scheme']} ${line['kind']}:${line['code']}`),
  );
  const conditionOf = new Map(conditions.all.map((line) => [line['code']!, line]));
  const limitsOf = new Map<string, string>();

  function read(cells: Cells): Plan {
    const scheme = cells.text('scheme', 60) ?? active;
    if (!schemes.some((line) => line['code'] === scheme)) throw new Rejected('ref.scheme', 'scheme');
    const kind = cells.choice<CategoryKind>('kind')!;
    const category = cells.code('category')!;
    if (!categoryKeys.has(`${scheme} ${kind}:${category}`)) throw new Rejected('ref.category', 'category');
    const condition = cells.code('condition');
    const law = condition === null ? undefined : conditionOf.get(condition);
    if (
      condition !== null &&
      !(law?.['category'] === category && law['kind'] === kind && law['scheme'] === scheme)
    ) {
      throw new Rejected('ref.condition', 'condition');
    }
    const area = cells.code('area');
    if (area !== null && ground.regions !== null && !ground.regions!.has(area))
      throw new Rejected('ref.region', 'area');
    const owner = cells.code('owner');
    if (owner !== null && !departments.has(owner)) throw new Rejected('ref.unit', 'owner');
    const department = cells.code('department')!;
    if (!departments.has(department)) throw new Rejected('ref.unit', 'department');
    return {
      line: {
        scheme,
        kind,
        category,
        condition: condition ?? '',
        area: area ?? '',
        owner: owner ?? '',
        department,
      },
      limits: readLimits(cells, condition),
    };
  }

  /** All rows of a condition must say the same. */
  function readLimits(cells: Cells, condition: string | null): Plan['limits'] {
    const texts = LIMITS.filter((key) => key !== 'limit_unit').map(
      (key) => [key, cells.number(key)] as const,
    );
    const unit = cells.choice<LimitUnit>('limit_unit');
    const said = texts.filter(([, value]) => value !== null);
    if (said.length === 0 && unit === null) return null;
    const value = cells.number('limit_value');
    if (
      condition === null ||
      value === null ||
      unit === null ||
      texts.some(([, one]) => one !== null && one <= 0)
    ) {
      throw new Rejected('manual.limit', 'limit_value');
    }
    const limits = { ...Object.fromEntries(said.map(([key, one]) => [key, String(one)])), limit_unit: unit };
    const text = JSON.stringify(limits);
    if ((limitsOf.get(condition) ?? text) !== text) throw new Rejected('manual.conflict', 'limit_value');
    limitsOf.set(condition, text);
    return limits;
  }

  return {
    chunk: null,
    key: (row) => keyOf(row, active),
    async judge(_db, rows) {
      limitsOf.clear();
      return rows.map((row): Verdict<Plan> => {
        const key = keyOf(row, active);
        return judged(row, key, () => {
          const plan = read(new Cells('manual', row));
          const now = manual.find(plan.line);
          const law = conditionOf.get(plan.line['condition']!);
          const limitsSame = Object.entries(plan.limits ?? {}).every(([column, value]) =>
            sameValue(law?.[column] ?? '', value),
          );
          const same = now?.['department'] === plan.line['department'] && limitsSame;
          return { what: same ? 'unchanged' : now ? 'changed' : 'created', key: key!, plan };
        });
      });
    },
    async write(trx, rows) {
      const fresh = rows.filter(({ what }) => what !== 'unchanged');
      if (fresh.length === 0) return { changes: [], refused: new Map() };
      for (const { plan } of fresh) {
        manual.put(plan.line);
        if (plan.limits) conditions.put({ code: plan.line['condition']!, ...plan.limits }, ['code']);
      }
      const at = platform.clock.now();
      const id = uuidv7(at);
      const next = new Map([...files, [MANUAL, manual.text()], [CONDITION, conditions.text()]]);
      await insertDraft(trx, {
        id,
        cityId,
        name: '导入的监督指挥手册 · Imported manual',
        baseId: publication?.id ?? null,
        authorId: actor.postId,
        at,
        files: next,
        shipped: null,
      });
      await record(trx, 'rule.draft', id);
      return {
        changes: [{ row: 0, entity: 'draft', entityId: id, beforeId: null, what: 'created' }],
        refused: new Map(),
      };
    },
    /** A draft that was published is law: only another publication takes that back. */
    async undo(trx, { entityId }) {
      if (!(await readDraft(trx, cityId, entityId, true))) return false;
      await deleteDraft(trx, entityId);
      await record(trx, 'rule.dropDraft', entityId);
      return true;
    },
  };
}

const KINDS: Readonly<Record<string, CategoryKind>> = {
  部件: 'asset',
  事件: 'event',
  asset: 'asset',
  event: 'event',
};

function keyOf({ values }: Row, scheme: string): string | null {
  const kind = KINDS[plain(values['kind']).toLowerCase()];
  const category = plain(values['category']);
  if (kind === undefined || category === '') return null;
  const rest = ['condition', 'area', 'owner'].map((key) => plain(values[key]));
  return [(values['scheme'] ?? '').trim() || scheme, kind, category, ...rest].join('|');
}

const sameValue = (a: string, b: string): boolean => a === b || (a !== '' && Number(a) === Number(b));

/** A table of the rules that is changed row by row: columns, order and all else stay as they are. */
class Lines {
  readonly all: Record<string, string>[];
  readonly #columns: string[];
  readonly #byKey = new Map<string, Record<string, string>>();

  constructor(files: RuleSet, path: string) {
    const text = files.get(path);
    const table = text === undefined ? { columns: ['code'], lines: [] } : readTableText(text);
    if (isFault(table)) throw problem('rule.invalid', { file: path });
    this.#columns = [...table.columns];
    this.all = table.lines.map(({ cells }) =>
      Object.fromEntries(table.columns.map((column, at) => [column, cells[at] ?? ''])),
    );
    if (path === MANUAL) for (const line of this.all) this.#byKey.set(keyOfLine(line, KEY), line);
    if (path === CONDITION) for (const line of this.all) this.#byKey.set(keyOfLine(line, ['code']), line);
  }

  find(
    line: Readonly<Record<string, string>>,
    key: readonly string[] = KEY,
  ): Record<string, string> | undefined {
    return this.#byKey.get(keyOfLine(line, key));
  }

  put(line: Readonly<Record<string, string>>, key: readonly string[] = KEY): void {
    for (const [column, value] of Object.entries(line)) {
      if (value !== '' && !this.#columns.includes(column)) this.#columns.push(column);
    }
    const known = this.find(line, key);
    if (known) Object.assign(known, line);
    else {
      const fresh = { ...line };
      this.all.push(fresh);
      this.#byKey.set(keyOfLine(line, key), fresh);
    }
  }

  text(): string {
    return [this.#columns, ...this.all.map((line) => this.#columns.map((column) => line[column] ?? ''))]
      .map((cells) => tableLine(cells))
      .join('');
  }
}

const keyOfLine = (line: Readonly<Record<string, string>>, key: readonly string[]): string =>
  key.map((column) => line[column] ?? '').join('|');
