import { z } from 'zod';

/** Settings that a rule set may hold; `x-…` are a city's own. */
const SETTINGS: Readonly<Record<string, z.ZodType>> = {
  autoAccept: z.boolean(),
  autoSendVerify: z.boolean(),
  autoSendCheck: z.boolean(),
  autoDispatch: z.boolean(),
};

/** The scheme in use is said in scheme.csv, once. */
const ELSEWHERE: Readonly<Record<string, string>> = { scheme: 'catalog/scheme.csv' };

/** What is wrong with a setting; null: nothing. */
export function settingProblem(key: string, value: unknown): { code: string; detail: string } | null {
  if (Object.hasOwn(ELSEWHERE, key)) return { code: 'setting.elsewhere', detail: ELSEWHERE[key]! };
  const schema = Object.hasOwn(SETTINGS, key) ? SETTINGS[key] : undefined;
  if (!schema) return key.startsWith('x-') ? null : { code: 'setting.unknown', detail: key };
  const parsed = schema.safeParse(value);
  return parsed.success ? null : { code: 'json.type', detail: parsed.error.issues[0]?.message ?? '' };
}
