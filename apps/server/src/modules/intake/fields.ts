import { invalid, type Problem } from '#platform/errors';

/** A refusal that one field of the body answers for. */
export const fieldError = (path: string, code: string): Problem =>
  invalid([{ path, code, message: code, in: 'body' }]);
