import { pino, stdTimeFunctions } from 'pino';
import type { Bindings, ChildLoggerOptions, DestinationStream, LogFn, Logger, LoggerOptions } from 'pino';
import { core } from 'zod';
import { isSqlState, Problem } from './errors.ts';

export interface LogOptions {
  level?: string;
  /** Lines for a person instead of JSON; default: where standard output is a terminal. */
  pretty?: boolean;
  destination?: DestinationStream;
}

/** The logger of a process: JSON lines without bodies, query values or personal data. Fastify takes it as `loggerInstance`. */
export function createLogger({ level = 'info', pretty, destination }: LogOptions = {}): Logger {
  const out = destination ?? pino.destination({ fd: 1, sync: true });
  const human = pretty ?? (destination === undefined && process.stdout.isTTY);
  const log = pino(loggerOptions(level), human ? humanStream(out) : out);
  // pino formats the bindings of the first logger alone; children inherit this one.
  const child: unknown = Reflect.get(log, 'child');
  log.child = function (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) {
    return Reflect.apply(child as Logger['child'], this, [redacted(bindings, 0), options]) as Logger;
  } as unknown as Logger['child'];
  return log;
}

function loggerOptions(level: string): LoggerOptions {
  return {
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (entry) => redacted(entry, 0) as Record<string, unknown>,
    },
    hooks: { logMethod: withSafeMessage },
    serializers: { req: requestLine, res: replyLine, err: errorLine, error: errorLine },
  };
}

// pino's own redaction knows fixed paths; names and numbers may stand at any depth. This costs 1 µs a line.
const SECRET =
  /password|passwd|secret|token|authorization|cookie|csrf|credential|apikey|phone|mobile|email|idcard|idnumber|^(name|username|fullname|personname|reportername|callername)$/;
const SERIALIZED = new Set(['req', 'res', 'err', 'error']);
const CENSOR = '[redacted]';
const MAX_DEPTH = 6;

/** The same value, copied only where something in it must not be logged. */
function redacted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value !== 'object' || value === null || 'toJSON' in value || ArrayBuffer.isView(value))
    return value;
  if (depth > MAX_DEPTH) return CENSOR;
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const [key, entry] of Object.entries(value)) {
    if (depth === 0 && SERIALIZED.has(key)) continue;
    const safe = isSecret(key) && entry !== undefined ? CENSOR : redacted(entry, depth + 1);
    if (safe === entry) continue;
    copy ??= Array.isArray(value) ? [...(value as unknown[])] : { ...(value as Record<string, unknown>) };
    (copy as Record<string, unknown>)[key] = safe;
  }
  return copy ?? value;
}

const seenKeys = new Map<string, boolean>();

function isSecret(key: string): boolean {
  let secret = seenKeys.get(key);
  if (secret === undefined) {
    secret = SECRET.test(key.replace(/[-_]/g, '').toLowerCase());
    if (seenKeys.size < 5000) seenKeys.set(key, secret);
  }
  return secret;
}

const MOBILE = /(?<![0-9A-Za-z-])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z-])/g;
const ID_CARD = /(?<![0-9A-Za-z-])\d{17}[\dXx](?![0-9A-Za-z-])/g;
const EMAIL = /[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}/g;

/** Last defence for text that others wrote (messages of errors, paths): mobile numbers, id cards, mail addresses. */
export function scrub(text: string): string {
  if (text.length > 20_000) return scrub(text.slice(0, 20_000));
  // Most lines hold none of these: one look for a digit run or an @ decides.
  if (!/\d{11}|@/.test(text)) return text;
  return text.replace(MOBILE, CENSOR).replace(ID_CARD, CENSOR).replace(EMAIL, CENSOR);
}

interface RequestLike {
  method?: string;
  url?: string;
}

/** Method and path with its ids; what was searched for stays out, and so does the caller's address. */
function requestLine({ method, url }: RequestLike): Record<string, unknown> {
  return { method, path: pathOf(url ?? '') };
}

export function pathOf(url: string): string {
  return scrub(url.split(/[?#;]/, 1)[0]!.slice(0, 300));
}

function replyLine({ statusCode }: { statusCode?: number }): Record<string, unknown> {
  return { statusCode };
}

/** Type, code and stack frames; a message only where it cannot carry what somebody typed. */
export function errorLine(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, table, constraint, routine, errors } = error as Error & Record<string, unknown>;
  const line: Record<string, unknown> = { type: error.name };
  if (code !== undefined) line['code'] = code;
  const message = safeMessage(error);
  if (message !== undefined) line['message'] = message;
  if (isSqlState(code)) Object.assign(line, defined({ table, constraint, routine }));
  if (error instanceof core.$ZodError || error instanceof Problem) line['issues'] = issues(error);
  line['stack'] = (error.stack ?? '')
    .split('\n')
    .filter((frame) => /^\s+at /.test(frame))
    .map((frame) => frame.trim());
  if (depth < 3 && error.cause !== undefined) line['cause'] = errorLine(error.cause, depth + 1);
  if (depth < 3 && error instanceof AggregateError && Array.isArray(errors)) {
    line['errors'] = errors.slice(0, 5).map((one) => errorLine(one, depth + 1));
  }
  return line;
}

/** PostgreSQL quotes values ("Key (phone)=(…) exists"), JSON.parse quotes the body, Zod the keys. */
function safeMessage(error: Error): string | undefined {
  const quotes =
    isSqlState((error as { code?: unknown }).code) ||
    error instanceof SyntaxError ||
    error instanceof core.$ZodError;
  return quotes ? undefined : scrub(error.message);
}

/** pino and Fastify take an error's message for the line's text: it needs the same care. */
function withSafeMessage(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, ...rest] = args as unknown[];
  const error = first instanceof Error ? first : (first as { err?: unknown } | null | undefined)?.err;
  if (error instanceof Error && (rest[0] === undefined || rest[0] === error.message)) {
    rest[0] = safeMessage(error) ?? error.name;
  }
  const safe = [first, ...rest].map((one) => (typeof one === 'string' ? scrub(one) : one));
  method.apply(this, safe as Parameters<LogFn>);
}

function issues(error: core.$ZodError | Problem): unknown[] {
  if (error instanceof Problem) return error.errors.map(({ path, code }) => ({ path, code }));
  return error.issues.map(({ path, code }) => ({ path: path.length, code }));
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** `12:00:01.234 INFO  message key=value …`, for a terminal. */
function humanStream(out: DestinationStream): DestinationStream {
  return {
    write(line: string) {
      out.write(humanLine(line));
    },
  };
}

export function humanLine(line: string): string {
  const { level, time, pid: _, msg = '', err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const values = Object.entries(rest).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const head = `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${String(msg)}${values.join('')}\n`;
  if (typeof err !== 'object' || err === null) return head;
  const { type, code, message, stack } = err as Record<string, unknown>;
  const frames = Array.isArray(stack) ? stack.map((frame) => `    ${String(frame)}\n`).join('') : '';
  return `${head}  ${[type, code, message].filter(Boolean).map(String).join(' ')}\n${frames}`;
}
