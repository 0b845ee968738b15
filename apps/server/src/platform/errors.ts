import { core } from 'zod';
import { problemText, type Language } from './error-text.ts';

interface Entry {
  status: number;
  /** True when an operator should hear of it: logged as an error and counted. */
  report?: true;
}

/**
 * Every problem that the API can answer with (RFC 9457). Callers match on the code, never on text.
 * A thing outside somebody's scope is `notFound`, as one that does not exist: existence must not leak.
 */
export const problems = {
  'auth.required': { status: 401 },
  'auth.invalid': { status: 401 },
  'auth.expired': { status: 401 },
  'auth.locked': { status: 423 },
  'auth.weakPassword': { status: 422 },
  csrf: { status: 403 },
  'permission.denied': { status: 403 },
  'permission.sameCentre': { status: 403 },
  notFound: { status: 404 },
  'request.malformed': { status: 400 },
  'request.method': { status: 405 },
  'request.timeout': { status: 408 },
  'request.tooLarge': { status: 413 },
  'request.headTooLarge': { status: 431 },
  'request.type': { status: 415 },
  'validation.failed': { status: 400 },
  'cursor.invalid': { status: 400 },
  'search.tooShort': { status: 422 },
  'rate.limited': { status: 429 },
  'live.tooMany': { status: 429 },
  'media.type': { status: 415 },
  'media.broken': { status: 422 },
  'media.tooLarge': { status: 413 },
  'media.tooManyPixels': { status: 422 },
  'media.empty': { status: 422 },
  'csv.broken': { status: 422 },
  'csv.header': { status: 422 },
  'csv.encoding': { status: 422 },
  'table.type': { status: 415 },
  'table.oldExcel': { status: 415 },
  'table.macro': { status: 422 },
  'table.broken': { status: 422 },
  'table.bomb': { status: 422 },
  'table.columns': { status: 422 },
  'table.header': { status: 422 },
  'table.empty': { status: 422 },
  'table.tooMany': { status: 422 },
  'import.expired': { status: 410 },
  'export.running': { status: 409 },
  'export.state': { status: 409 },
  'import.running': { status: 409 },
  'import.moved': { status: 409 },
  'import.state': { status: 409 },
  'import.touched': { status: 409 },
  'import.ordered': { status: 409 },
  'import.changed': { status: 409 },
  'import.noneOpen': { status: 409 },
  'import.file': { status: 409 },
  'import.mapping': { status: 422 },
  'conflict.version': { status: 409 },
  'conflict.taken': { status: 409 },
  'conflict.reference': { status: 409 },
  'conflict.race': { status: 409 },
  'idempotency.required': { status: 400 },
  'idempotency.mismatch': { status: 422 },
  'idempotency.inProgress': { status: 409 },
  'permission.ownApplication': { status: 403 },
  'action.notAllowed': { status: 409 },
  'action.whichAssignment': { status: 409 },
  'application.sameDecider': { status: 409 },
  'application.pending': { status: 409 },
  'application.cap': { status: 409 },
  'task.claimed': { status: 409 },
  'task.done': { status: 409 },
  'task.notYet': { status: 409 },
  'case.ended': { status: 409 },
  'form.invalid': { status: 422 },
  'geo.outsideCity': { status: 422 },
  'report.known': { status: 409 },
  'report.notCollected': { status: 422 },
  'rule.inUse': { status: 409 },
  'duty.absent': { status: 409 },
  'duty.substitute': { status: 422 },
  'rule.archive': { status: 422 },
  'rule.invalid': { status: 422 },
  'rule.unchanged': { status: 422 },
  'rule.effective': { status: 422 },
  'rule.scheduled': { status: 409 },
  'rule.state': { status: 409 },
  'move.versions': { status: 422 },
  'move.map': { status: 422 },
  'move.running': { status: 409 },
  'move.state': { status: 409 },
  'rule.trying': { status: 409 },
  'config.noUnit': { status: 500, report: true },
  'config.noCalendar': { status: 500, report: true },
  'clock.backwards': { status: 409 },
  'query.timeout': { status: 503, report: true },
  'db.unavailable': { status: 503, report: true },
  'storage.full': { status: 507, report: true },
  // 503: whoever sends again later, as every client does while nobody answers, loses nothing.
  'restore.unconfirmed': { status: 503 },
  'backup.unreachable': { status: 503 },
  'service.starting': { status: 503 },
  'service.stopping': { status: 503 },
  internal: { status: 500, report: true },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof problems;
/** What a client may show or act on; never personal data, never a value that somebody typed. */
export type ProblemParams = Readonly<Record<string, string | number | boolean | null>>;

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the part named by `in`. */
  path: string;
  code: string;
  message: string;
  in?: 'body' | 'query' | 'params' | 'headers';
  params?: Readonly<Record<string, unknown>>;
}

export interface ProblemOptions {
  errors?: readonly FieldError[];
  cause?: unknown;
}

/** A refusal or failure with a stable code. The message is the code, so that a log line carries no input. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly report: boolean;
  readonly params: ProblemParams;
  readonly errors: readonly FieldError[];

  constructor(code: ProblemCode, params: ProblemParams = {}, { errors = [], cause }: ProblemOptions = {}) {
    super(code, cause === undefined ? undefined : { cause });
    const entry: Entry = problems[code];
    this.name = 'Problem';
    this.code = code;
    this.status = entry.status;
    this.report = entry.report ?? false;
    this.params = params;
    this.errors = errors;
  }
}

/** `throw problem('conflict.version', { seen, current })` */
export function problem(code: ProblemCode, params?: ProblemParams, options?: ProblemOptions): Problem {
  return new Problem(code, params, options);
}

/** A request that breaks its schema or a rule that one field answers for. */
export function invalid(
  errors: readonly FieldError[],
  code: 'validation.failed' | 'form.invalid' = 'validation.failed',
): Problem {
  return new Problem(code, {}, { errors });
}

/** The one place where anything thrown becomes a problem; what is not known is `internal`, with no detail. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof core.$ZodError) {
    return new Problem(
      'validation.failed',
      {},
      { errors: error.issues.map((issue) => fieldError(issue)), cause: error },
    );
  }
  if (typeof error !== 'object' || error === null) return new Problem('internal', {}, { cause: error });
  const thrown = error as Thrown;
  if (Array.isArray(thrown.validation)) return fromFastifyValidation(thrown);
  const code =
    byCode(thrown) ??
    (connectionLost(thrown) ? 'db.unavailable' : undefined) ??
    (brokenMultipart.test(String(thrown.message)) ? 'request.malformed' : undefined) ??
    byStatus(thrown.statusCode);
  const retryAfter = Number(thrown.retryAfter);
  return new Problem(code ?? 'internal', code === 'rate.limited' && retryAfter > 0 ? { retryAfter } : {}, {
    cause: error,
  });
}

interface Thrown {
  code?: unknown;
  message?: unknown;
  statusCode?: unknown;
  syscall?: unknown;
  severity?: unknown;
  errors?: unknown;
  validation?: readonly ThrownIssue[];
  validationContext?: unknown;
  retryAfter?: unknown;
}

interface ThrownIssue {
  keyword?: string;
  instancePath?: string;
  message?: string;
  params?: Record<string, unknown>;
}

const codes: Readonly<Record<string, ProblemCode>> = {
  // Fastify and its plugins
  FST_ERR_NOT_FOUND: 'notFound',
  FST_ERR_BAD_URL: 'notFound',
  FST_ERR_MAX_PARAM_LENGTH: 'notFound',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.tooLarge',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request.malformed',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request.malformed',
  FST_ERR_HANDLER_TIMEOUT: 'request.timeout',
  FST_REQ_FILE_TOO_LARGE: 'media.tooLarge',
  FST_PARTS_LIMIT: 'request.tooLarge',
  FST_FILES_LIMIT: 'request.tooLarge',
  FST_FIELDS_LIMIT: 'request.tooLarge',
  FST_PROTO_VIOLATION: 'request.malformed',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'request.type',
  FST_INVALID_JSON_FIELD_ERROR: 'request.malformed',
  FST_MP_PREMATURE_CLOSE: 'request.malformed',
  // The disk
  ENOSPC: 'storage.full',
  EDQUOT: 'storage.full',
};

/** PostgreSQL appendix A. Constraint names stay in the cause: they tell the schema to a stranger. */
const sqlStates: Readonly<Record<string, ProblemCode>> = {
  '23505': 'conflict.taken',
  '23503': 'conflict.reference',
  '23P01': 'conflict.taken', // exclusion: two validities of one thing overlap
  '40001': 'conflict.race',
  '40P01': 'conflict.race',
  '55P03': 'conflict.race', // lock not available
  '57014': 'query.timeout',
  '22P02': 'validation.failed', // text that is no uuid, number or enum value
  '22P05': 'validation.failed', // U+0000 or a lone surrogate in JSON
  '22021': 'validation.failed', // U+0000 in text
  '22003': 'validation.failed', // number out of range
  '22007': 'validation.failed',
  '22008': 'validation.failed', // date out of range
  '25006': 'db.unavailable', // a standby that is not yet primary
  '53100': 'storage.full',
};
const sqlClasses: Readonly<Record<string, ProblemCode>> = { '08': 'db.unavailable', '53': 'db.unavailable' };

function byCode({ code }: Thrown): ProblemCode | undefined {
  if (typeof code !== 'string') return undefined;
  if (Object.hasOwn(codes, code)) return codes[code];
  if (!isSqlState(code)) return undefined;
  if (code.startsWith('57P0')) return 'db.unavailable'; // shutdown, crash, cannot connect now
  return sqlStates[code] ?? sqlClasses[code.slice(0, 2)];
}

/** True for a five-character SQLSTATE; EPIPE and its like have no digit. */
export function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

const lostSockets = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT']);
// pg gives these no code (pg 8.23: client.js, pg-pool/index.js), so here alone the text decides.
const lostMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client (has encountered a connection error|was closed)|Cannot use a pool after calling end)/;

// Nor does the multipart reader give these one (@fastify/busboy 3: Dicer.js, multipart.js).
const brokenMultipart =
  /^(Unexpected end of multipart data|Multipart: Boundary not found|\w+ terminated early due to unexpected end of multipart data)$/;

function connectionLost({ code, syscall, message, errors }: Thrown): boolean {
  if (typeof message === 'string' && lostMessages.test(message)) return true;
  if (Array.isArray(errors))
    return errors.some((one) => typeof one === 'object' && one !== null && connectionLost(one as Thrown));
  if (typeof code !== 'string' || !lostSockets.has(code)) return false;
  return syscall === 'connect' || (code !== 'ENOENT' && (syscall === 'read' || syscall === 'write'));
}

function byStatus(status: unknown): ProblemCode | undefined {
  switch (status) {
    case 400:
      return 'request.malformed';
    case 404:
      return 'notFound';
    case 405:
      return 'request.method';
    case 408:
      return 'request.timeout';
    case 413:
      return 'request.tooLarge';
    case 415:
      return 'request.type';
    case 429:
      return 'rate.limited';
    default:
      return undefined;
  }
}

const contexts: Readonly<Record<string, NonNullable<FieldError['in']>>> = {
  body: 'body',
  querystring: 'query',
  params: 'params',
  headers: 'headers',
};

function fromFastifyValidation(thrown: Thrown): Problem {
  const where = contexts[String(thrown.validationContext)];
  const errors = (thrown.validation ?? []).map((issue): FieldError => {
    const path = issue.instancePath === '/' ? '' : (issue.instancePath ?? '');
    const error = {
      path,
      code: issue.keyword ?? 'invalid',
      message: issue.message ?? '',
      ...safeParams(issue.params),
    };
    return where ? { ...error, in: where } : error;
  });
  return new Problem('validation.failed', {}, { errors, cause: thrown });
}

function fieldError(issue: core.$ZodIssue): FieldError {
  const path = issue.path
    .map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
  return {
    path,
    code: issue.code,
    message: issue.message,
    ...safeParams(issue as unknown as Record<string, unknown>),
  };
}

/** The limits that were broken, never the value that broke them. */
const shownParams = [
  'minimum',
  'maximum',
  'inclusive',
  'exact',
  'expected',
  'format',
  'divisor',
  'keys',
  'values',
  'limit',
];

function safeParams(params: Record<string, unknown> | undefined): { params?: Record<string, unknown> } {
  const shown = shownParams
    .filter((key) => params?.[key] !== undefined)
    .map((key) => [key, jsonSafe(params?.[key])]);
  return shown.length ? { params: Object.fromEntries(shown) as Record<string, unknown> } : {};
}

function jsonSafe(value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

export interface ProblemJson {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail?: string;
  instance: string;
  requestId: string;
  params?: ProblemParams;
  errors?: readonly FieldError[];
}

/** Thousands of wrong values are one mistake: nobody reads more of it. */
const MAX_ERRORS = 50;

/** The reply body (`application/problem+json`), in the reader's language. */
export function asJson(problem: Problem, requestId: string, language: Language = 'zh-CN'): ProblemJson {
  const { title, detail } = problemText(problem.code, problem.params, language);
  return {
    type: `https://wanmi.city/problems/${problem.code}`,
    title,
    status: problem.status,
    code: problem.code,
    ...(detail === undefined ? {} : { detail }),
    instance: `urn:wanmi:request:${encodeURIComponent(requestId)}`,
    requestId,
    ...(Object.keys(problem.params).length ? { params: problem.params } : {}),
    ...(problem.errors.length ? { errors: problem.errors.slice(0, MAX_ERRORS) } : {}),
  };
}

/** Headers that belong to a problem: when to try again, how to sign in. */
export function problemHeaders({ status, params }: Problem): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
  };
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (typeof params['retryAfter'] === 'number')
    headers['retry-after'] = String(Math.max(1, Math.ceil(params['retryAfter'])));
  else if (status === 503) headers['retry-after'] = '2';
  return headers;
}
