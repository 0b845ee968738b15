import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { uuidv7 } from '#platform/ids';
import type { Trx } from '#platform/pool';
import { applyCatalog } from './apply-catalog.ts';
import { applyControls } from './apply-controls.ts';
import { applyManual } from './apply-manual.ts';
import { applyUnits } from './apply-units.ts';
import { insertRows, iso } from './rows.ts';
import type { RuleSet } from './rule-set.ts';
import { rulesOf, VERSIONED, type Rules, type VersionedRule } from './rules.ts';

/** Whose rules, since when they hold, and what the rows say of why. */
export interface Applying {
  readonly trx: Trx;
  readonly cityId: string;
  /** Milliseconds since 1970: the moment from which it counts. */
  readonly at: number;
  readonly reason: string;
  readonly postId: string | null;
}

export interface Applied {
  /** Codes of the calendars that are new or different. */
  readonly calendars: readonly string[];
}

/**
 * Makes the rows of a city say what its rule set says, from `at` on. What did not change keeps its rows; the
 * README says what becomes of the rest. `before` is the set in force until then. The caller has checked the set and holds the city's lock.
 */
export async function applyRules(to: Applying, before: RuleSet | null, files: RuleSet): Promise<Applied> {
  const rules = rulesOf(files);
  await applyUnits(to, rules);
  await applyCatalog(to, rules);
  await applyManual(to, rules);
  await applyControls(to, before, files);
  await applySettings(to, rules);
  return { calendars: await applyVersions(to, rules.versioned) };
}

interface InForce {
  readonly kind: string;
  readonly code: string;
  readonly version: number;
  readonly hash: string;
  readonly state: string;
}

/** A new version of each rule whose text is another; all versions of a rule that is gone are retired. */
export async function applyVersions(
  { trx, cityId, at, reason, postId }: Applying,
  rules: readonly VersionedRule[],
): Promise<string[]> {
  const { rows } = await sql<InForce>`
    select distinct on (kind, code) kind, code, version, encode(content_hash, 'hex') as hash, state
      from rule_version
     where city_id = ${cityId} and kind = any(${[...VERSIONED]}::text[])
     order by kind, code, version desc`.execute(trx);
  const known = new Map(rows.map((row) => [`${row.kind}:${row.code}`, row]));
  const isNew = (rule: VersionedRule): boolean => {
    const now = known.get(`${rule.kind}:${rule.code}`);
    return now?.state !== 'published' || now.hash !== sha256(rule.content);
  };
  const changed = withCallers(rules.filter(isNew), rules);
  if (changed.some(({ kind }) => kind === 'process')) await pinFound(trx, cityId);
  const made = changed.map((rule) => ({
    id: uuidv7(at),
    city_id: cityId,
    kind: rule.kind,
    code: rule.code,
    version: (known.get(`${rule.kind}:${rule.code}`)?.version ?? 0) + 1,
    content: rule.content,
    content_hash: `\\x${sha256(rule.content)}`,
    state: 'published',
    valid_from: iso(at),
    reason,
    published_by: postId,
    created_at: iso(at),
  }));
  await insertRows(trx, 'rule_version', made);
  await pinCalls(trx, cityId, made, rules);
  const kept = new Set(rules.map((rule) => `${rule.kind}:${rule.code}`));
  const gone = rows.filter((row) => row.state === 'published' && !kept.has(`${row.kind}:${row.code}`));
  for (const { kind, code } of gone) {
    await sql`
      update rule_version set state = 'retired'
       where city_id = ${cityId} and kind = ${kind} and code = ${code} and state = 'published'`.execute(trx);
  }
  return changed.filter((rule) => rule.kind === 'calendar').map((rule) => rule.code);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Codes of the processes that a drawing calls itself. */
function callsOf({ content }: VersionedRule): string[] {
  return [...content.matchAll(/\bcalledElement\s*=\s*["']([^"']+)["']/g)].map(([, code]) => code!);
}

/** A version of a process pins what it calls, so a changed one takes those that call it along. */
function withCallers(changed: readonly VersionedRule[], all: readonly VersionedRule[]): VersionedRule[] {
  const taken = new Set(changed);
  for (let grew = true; grew;) {
    grew = false;
    const codes = new Set([...taken].filter((rule) => rule.kind === 'process').map((rule) => rule.code));
    for (const rule of all) {
      if (rule.kind !== 'process' || taken.has(rule)) continue;
      if (!callsOf(rule).some((code) => codes.has(code))) continue;
      taken.add(rule);
      grew = true;
    }
  }
  return [...taken];
}

/** Versions from before pins were written down: what each calls is what is there now, before it changes. */
async function pinFound(trx: Trx, cityId: string): Promise<void> {
  await sql`
    insert into rule_call (caller_id, code, called_id, city_id)
    select distinct r.id, m.code, v.id, r.city_id
      from rule_version r
      cross join lateral (
        select (regexp_matches(r.content, 'calledElement\\s*=\\s*["'']([^"'']+)', 'g'))[1] as code) m
      join lateral (select id from rule_version
                     where city_id = r.city_id and kind = 'process' and code = m.code and state <> 'draft'
                       and valid_from <= coalesce(r.valid_from, valid_from)
                     order by valid_from desc, version desc limit 1) v on true
     where r.city_id = ${cityId} and r.kind = 'process'
       and not exists (select 1 from rule_call c where c.caller_id = r.id)
    on conflict do nothing`.execute(trx);
}

/** Writes down which versions the new ones are compiled with, for as long as a case runs on them. */
async function pinCalls(
  trx: Trx,
  cityId: string,
  made: readonly { readonly id: string; readonly kind: string; readonly code: string }[],
  rules: readonly VersionedRule[],
): Promise<void> {
  const drawn = new Map(rules.filter(({ kind }) => kind === 'process').map((rule) => [rule.code, rule]));
  const pins = made.flatMap(({ id, kind, code }) => {
    if (kind !== 'process') return [];
    const called = new Set<string>();
    const open = [code];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const one of callsOf(drawn.get(next) ?? { kind, code: next, content: '' })) {
        if (called.has(one)) continue;
        called.add(one);
        open.push(one);
      }
    }
    return [...called].map((one) => ({ id, code: one }));
  });
  if (pins.length === 0) return;
  await sql`
    insert into rule_call (caller_id, code, called_id, city_id)
    select p.id, p.code, v.id, ${cityId}::uuid
      from json_to_recordset(${JSON.stringify(pins)}::json) as p(id uuid, code text)
      join lateral (select id from rule_version
                     where city_id = ${cityId} and kind = 'process' and code = p.code and state = 'published'
                     order by version desc limit 1) v on true`.execute(trx);
}

/** The set's settings are all there are, but for the scheme in use, which scheme.csv says. */
async function applySettings({ trx, cityId, at }: Applying, rules: Rules): Promise<void> {
  const settings = { ...Object.fromEntries(rules.settings), scheme: rules.scheme };
  await sql`
    with wanted as (select key, value from jsonb_each(${JSON.stringify(settings)}::jsonb)),
         gone as (delete from setting where city_id = ${cityId} and key not in (select key from wanted))
    insert into setting as s (city_id, key, value, updated_at)
    select ${cityId}::uuid, key, value, ${iso(at)}::timestamptz from wanted
    on conflict (city_id, key) do update set value = excluded.value, updated_at = excluded.updated_at
     where s.value is distinct from excluded.value`.execute(trx);
}
