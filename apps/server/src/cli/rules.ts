import { RuleSetError } from '#modules/publishing';
import { Problem } from '../platform/errors.ts';
import type { Db } from '../platform/pool.ts';
import { CliError } from './open.ts';

/** The id of a city by its code. @throws CliError */
export async function cityId(db: Db, code: string): Promise<string> {
  const row = await db.selectFrom('city').select('id').where('code', '=', code).executeTakeFirst();
  if (!row) throw new CliError(`there is no city ${code}`);
  return row.id;
}

/** What somebody did wrong is said in a sentence. */
export function explained(error: unknown, place: string): unknown {
  if (error instanceof RuleSetError) return new CliError(error.message);
  if (!(error instanceof Problem)) return error;
  const errors = error.errors.map(({ path, code, message }) => `\n  ${path}  ${code}  ${message}`);
  const params = Object.entries(error.params).map(([key, value]) => `${key} ${String(value)}`);
  return new CliError([`${place}: ${error.code}`, ...params].join(', ') + errors.join(''));
}
