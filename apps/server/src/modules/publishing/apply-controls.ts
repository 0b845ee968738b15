import { sql } from 'kysely';
import { insertControls, readControls, type ControlFile } from '#modules/control';
import type { Applying } from './apply.ts';
import { pathOf, type RuleSet } from './rule-set.ts';

const FILE = pathOf('table', 'control');

/**
 * 采集控制: what the table says of a code otherwise than before ends, and begins anew. Controls that were made on the
 * map, under codes that neither table has, are left alone.
 */
export async function applyControls(to: Applying, before: RuleSet | null, files: RuleSet): Promise<void> {
  const old = byCode(readControls(before?.get(FILE) ?? HEADER));
  const now = byCode(readControls(files.get(FILE) ?? HEADER));
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter(
    (code) => JSON.stringify(old.get(code)) !== JSON.stringify(now.get(code)),
  );
  if (changed.length === 0) return;
  const { trx, cityId, at } = to;
  await sql`
    update control_area set valid_to = greatest(valid_from, ${new Date(at)})
     where city_id = ${cityId} and code = any(${changed}::text[])
       and (valid_to is null or valid_to > ${new Date(at)})`.execute(trx);
  await insertControls(
    to,
    changed.flatMap((code) => now.get(code) ?? []),
  );
}

const HEADER =
  'code,kind,scheme,category_kind,category,region,from_time,to_time,weekdays,valid_from,valid_to,name_zh,name_en\n';

function byCode(controls: readonly ControlFile[]): ReadonlyMap<string, readonly ControlFile[]> {
  const groups = new Map<string, ControlFile[]>();
  for (const control of controls) groups.set(control.code, [...(groups.get(control.code) ?? []), control]);
  return groups;
}
