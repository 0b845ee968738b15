import i18next from 'i18next';
import { ApiError } from './problem.ts';
import { csrfToken, renewSession } from './session.ts';

const BASE = '/api/v1';
const TIMEOUT = 30_000;

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface CallOptions {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** False for the calls that sign in or ask who one is: a 401 there is an answer. */
  renew?: boolean;
}

export function get<T>(path: string, options: CallOptions = {}): Promise<T> {
  return call<T>('GET', path, options);
}

export function post<T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
  return call<T>('POST', path, { ...options, body: body ?? {} });
}

/**
 * One request. When the session has ended it waits until the person has signed in again (a dialog asks for the
 * password over the page, which keeps what was typed) and then sends the request once more.
 */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const before = csrfToken();
  try {
    return await send<T>(method, path, options);
  } catch (error) {
    if (!(error instanceof ApiError) || options.renew === false) throw error;
    if (error.status !== 401 && error.code !== 'csrf') throw error;
    // The session got a new token while this was under way: there is nobody to ask.
    if (csrfToken() === before) await renewSession();
    return await send<T>(method, path, options);
  }
}

async function send<T>(method: string, path: string, options: CallOptions): Promise<T> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-language': i18next.language,
    ...options.headers,
  };
  if (method !== 'GET') headers['x-csrf-token'] = csrfToken();
  const form = options.body instanceof FormData;
  if (options.body !== undefined && !form) headers['content-type'] = 'application/json';
  const timeout = AbortSignal.timeout(TIMEOUT);
  let response: Response;
  try {
    response = await fetch(BASE + path + queryString(options.query), {
      method,
      headers,
      credentials: 'same-origin',
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      ...(options.body === undefined
        ? {}
        : { body: form ? (options.body as FormData) : JSON.stringify(options.body) }),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(timeout.aborted ? 'timeout' : 'network', 0, {}, error);
  }
  return await read<T>(response);
}

async function read<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok && text === '') return undefined as T;
  const json = parse(text);
  if (response.ok && json !== undefined) return json as T;
  throw problemOf(response.status, json);
}

export function problemOf(status: number, json: unknown): ApiError {
  const problem = (typeof json === 'object' && json !== null ? json : {}) as { code?: unknown };
  const code = typeof problem.code === 'string' ? problem.code : `http.${status}`;
  return new ApiError(code, status, problem as ConstructorParameters<typeof ApiError>[2]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function queryString(query: Query | undefined): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}
