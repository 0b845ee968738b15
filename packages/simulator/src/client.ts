import type {
  ActionReply,
  Asset,
  CaseCard,
  CaseDetail,
  Category,
  Condition,
  DemoAccount,
  Integrity,
  LoginReply,
  Me,
  Media,
  PlaceFacts,
  Region,
  Report,
  ReportBody,
  ReportReply,
  SimilarCase,
  Task,
  Unit,
} from '@wanmi/contracts';

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** A reply that is not a success: RFC 9457 with a stable code. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly errors: readonly { path: string; code: string }[];

  constructor(status: number, body: unknown, where: string) {
    const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const code = typeof problem['code'] === 'string' ? problem['code'] : `http.${status}`;
    super(`${where}: ${status} ${code}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.params = (problem['params'] ?? {}) as Record<string, unknown>;
    this.errors = (problem['errors'] ?? []) as { path: string; code: string }[];
  }
}

/** The server could not be reached, or went on refusing for now, however often it was asked. */
export class UnreachableError extends Error {
  constructor(where: string, cause: unknown) {
    super(`${where}: no answer`, { cause });
    this.name = 'UnreachableError';
  }
}

export interface ClientOptions {
  /** e.g. http://127.0.0.1:8080, without /api/v1 */
  baseUrl: string;
  /** Ends waiting at once and sends nothing more; what is under way gets a moment to be answered. */
  signal?: AbortSignal;
  /** That moment, in milliseconds. A request cut off leaves a connection that the server waits for. */
  graceMs?: number;
  /** How often one request is sent at most. */
  attempts?: number;
  /** Milliseconds before the second attempt; doubled each time, spread a little. */
  backoffMs?: number;
  /** Milliseconds that one attempt may take. */
  timeoutMs?: number;
  fetch?: typeof fetch;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Not refused for good: the same request may succeed in a moment. 502 and 504 come from a proxy in between. */
const TRANSIENT = new Set([429, 502, 503, 504]);
/** Nothing was written, as somebody else wrote first; whether it still holds shows when it is asked again. */
const RACE = 'conflict.race';
const LONGEST_WAIT = 60_000;

/** 0.75 to 1.25: many clients that one restart sent away do not come back in the same moment. */
const spread = (): number => 0.75 + (crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) / 512;

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const done = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Requests as nobody or as somebody. Every write carries a key, so that sending it again does it once. */
export class Client {
  readonly #options: Required<Omit<ClientOptions, 'signal'>> & { signal: AbortSignal | undefined };
  readonly #cut = new AbortController();
  #token: string | null = null;
  #credentials: { username: string; password: string } | null = null;
  #signingIn: Promise<LoginReply> | null = null;

  constructor(options: ClientOptions) {
    this.#options = {
      attempts: 6,
      backoffMs: 250,
      timeoutMs: 60_000,
      graceMs: 3000,
      fetch: globalThis.fetch,
      sleep,
      ...options,
      baseUrl: options.baseUrl.replace(/\/+$/, ''),
      signal: options.signal,
    };
    const { signal, graceMs } = this.#options;
    signal?.addEventListener(
      'abort',
      () => setTimeout(() => this.#cut.abort(signal.reason), graceMs).unref(),
      {
        once: true,
      },
    );
  }

  get signedIn(): boolean {
    return this.#token !== null;
  }

  /** Signs in and keeps the token; a session that ends is renewed by itself. */
  async login(username: string, password: string): Promise<LoginReply> {
    this.#credentials = { username, password };
    this.#signingIn ??= this.#send<LoginReply>(
      'POST',
      '/auth/login',
      { body: { username, password } },
      null,
    ).finally(() => (this.#signingIn = null));
    const reply = await this.#signingIn;
    this.#token = reply.token;
    return reply;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) search.set(name, String(value));
    const text = search.toString();
    return this.#asSomebody<T>('GET', text ? `${path}?${text}` : path, {});
  }

  /** `key` makes a request repeatable beyond this process; without one a fresh key is used for all attempts. */
  post<T>(path: string, body: unknown, key: string = crypto.randomUUID()): Promise<T> {
    return this.#asSomebody<T>('POST', path, { body, key });
  }

  upload<T>(path: string, file: Blob, name: string, key: string = crypto.randomUUID()): Promise<T> {
    const form = new FormData();
    form.append('file', file, name);
    return this.#asSomebody<T>('POST', path, { form, key });
  }

  async #asSomebody<T>(method: string, path: string, content: Content): Promise<T> {
    const token = this.#token;
    try {
      return await this.#send<T>(method, path, content, token);
    } catch (error) {
      const ended = error instanceof ApiError && error.status === 401 && token !== null;
      if (!ended || !this.#credentials) throw error;
      // Somebody else of this client may have renewed it meanwhile.
      if (this.#token === token) await this.login(this.#credentials.username, this.#credentials.password);
      return this.#send<T>(method, path, content, this.#token);
    }
  }

  async #send<T>(method: string, path: string, content: Content, token: string | null): Promise<T> {
    const { attempts, backoffMs, signal } = this.#options;
    const where = `${method} ${path.split('?')[0]}`;
    let last: unknown;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      signal?.throwIfAborted();
      let wait = backoffMs * 2 ** (attempt - 1) * spread();
      try {
        const response = await this.#once(method, path, content, token);
        if (response.ok) return (response.status === 204 ? null : await response.json()) as T;
        const error = new ApiError(response.status, await response.json().catch(() => null), where);
        if (!TRANSIENT.has(response.status) && error.code !== RACE) throw error;
        const after = Number(response.headers.get('retry-after'));
        if (after > 0) wait = Math.max(wait, after * 1000);
        last = error;
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (error instanceof ApiError) throw error;
        last = error; // the network: whether the server did it is unknown, and the key makes that harmless
      }
      if (attempt < attempts) await this.#options.sleep(Math.min(wait, LONGEST_WAIT), signal);
    }
    throw last instanceof ApiError ? last : new UnreachableError(where, last);
  }

  #once(method: string, path: string, content: Content, token: string | null): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== null) headers['authorization'] = `Bearer ${token}`;
    if (content.key !== undefined) headers['idempotency-key'] = content.key;
    let body: string | FormData | null = null;
    if (content.form) body = content.form;
    else if (content.body !== undefined) {
      headers['content-type'] = 'application/json';
      body = JSON.stringify(content.body);
    }
    return this.#options.fetch(`${this.#options.baseUrl}/api/v1${path}`, {
      method,
      headers,
      body,
      signal: AbortSignal.any([AbortSignal.timeout(this.#options.timeoutMs), this.#cut.signal]),
    });
  }

  // ------------------------------------------------------------ the API, as far as cities are played by it

  accounts(query: Query = {}): Promise<Page<DemoAccount>> {
    return this.get('/demo/accounts', query);
  }
  me(): Promise<Me> {
    return this.get('/me');
  }
  report(body: ReportBody, key?: string): Promise<ReportReply> {
    return this.post('/reports', body, key);
  }
  reports(query: Query = {}): Promise<Page<Report>> {
    return this.get('/reports', query);
  }
  tasks(query: Query = {}): Promise<Page<Task>> {
    return this.get('/tasks', query);
  }
  task(id: string): Promise<Task> {
    return this.get(`/tasks/${id}`);
  }
  act(
    taskId: string,
    action: string,
    ask: { version?: number; data?: Record<string, unknown> } = {},
    key?: string,
  ): Promise<ActionReply> {
    return this.post(`/tasks/${taskId}/actions/${action}`, { ...ask, data: ask.data ?? {} }, key);
  }
  cases(query: Query = {}): Promise<Page<CaseCard>> {
    return this.get('/cases', query);
  }
  case(id: string): Promise<CaseDetail> {
    return this.get(`/cases/${id}`);
  }
  similar(lon: number, lat: number, categoryId: string): Promise<{ items: SimilarCase[] }> {
    return this.get('/reports/similar', { lon, lat, categoryId });
  }
  integrity(caseId: string): Promise<Integrity> {
    return this.get(`/cases/${caseId}/integrity`);
  }
  categories(query: Query = {}): Promise<Page<Category>> {
    return this.get('/categories', query);
  }
  conditions(categoryId: string): Promise<Page<Condition>> {
    return this.get('/conditions', { categoryId });
  }
  units(query: Query = {}): Promise<Page<Unit>> {
    return this.get('/units', query);
  }
  regions(query: Query = {}): Promise<Page<Region>> {
    return this.get('/regions', query);
  }
  placeAt(lon: number, lat: number): Promise<PlaceFacts> {
    return this.get('/grids/at', { lon, lat });
  }
  assets(query: Query = {}): Promise<Page<Asset>> {
    return this.get('/assets', query);
  }
  photo(bytes: Uint8Array<ArrayBuffer>, mime: string): Promise<Media> {
    return this.upload('/media', new Blob([bytes], { type: mime }), `photo.${mime.split('/')[1]}`);
  }
}

interface Content {
  body?: unknown;
  form?: FormData;
  key?: string;
}
