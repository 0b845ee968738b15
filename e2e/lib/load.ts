import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ActionReply, Media, ReportReply } from '@wanmi/contracts';
import type { Pool } from 'pg';
import { fileUpload, picture } from '../../apps/server/src/testing/pictures.ts';

/** One command that was acknowledged: what was asked with which key, and the answer. */
export interface Acknowledged {
  readonly path: string;
  readonly token: string;
  readonly key: string;
  readonly body: unknown;
  readonly status: number;
  /** When it was first asked, and when the answer came; milliseconds since 1970. */
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly answer: ReportReply | ActionReply;
}

interface Beat {
  readonly token: string;
  readonly lon: number;
  readonly lat: number;
}

/** Who works, and where. */
export interface Cast {
  readonly cityId: string;
  readonly operator: string;
  readonly shiftLeader: string;
  readonly dispatcher: string;
  readonly departments: readonly { readonly unitId: string; readonly token: string }[];
  readonly beats: readonly Beat[];
  readonly categoryId: string;
  readonly conditionId: string;
}

/** Signs a demo city's people in. */
export async function castOf(pool: Pool, url: string, password: string): Promise<Cast> {
  const signIn = async (username: string): Promise<string> => {
    const reply = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    if (!reply.ok) throw new Error(`sign-in of ${username}: ${await reply.text()}`);
    return ((await reply.json()) as { token: string }).token;
  };
  const of = async (role: string): Promise<string> => {
    const { rows } = await pool.query<{ username: string }>(
      `select p.username from post o join role r on r.id = o.role_id join person p on p.id = o.person_id
       where r.code = $1 and o.scope = 'city' order by o.id limit 1`,
      [role],
    );
    return signIn(rows[0]!.username);
  };
  const departments = await pool.query<{ unit_id: string; username: string }>(
    `select distinct on (u.id) u.id as unit_id, p.username
     from unit u join post o on o.unit_id = u.id join role r on r.id = o.role_id and r.code = 'department'
     join person p on p.id = o.person_id where u.kind = 'department' and u.valid_to is null
     order by u.id, o.id limit 2`,
  );
  const beats = await pool.query<{ username: string; lon: number; lat: number }>(
    `select distinct on (o.id) p.username, st_x(st_pointonsurface(g.geom)) as lon,
       st_y(st_pointonsurface(g.geom)) as lat
     from post_grid pg join post o on o.id = pg.post_id join person p on p.id = o.person_id
     join grid g on g.patrol_grid_id = pg.grid_id and g.kind = 'unit' order by o.id, g.id limit 4`,
  );
  const law = await pool.query<{ city_id: string; category_id: string; id: string }>(
    `select c.city_id, c.id as category_id, k.id from category c
     join condition k on k.category_id = c.id and k.is_default
     where c.level = 2 and c.kind = 'event' order by c.code limit 1`,
  );
  const { city_id: cityId, category_id: categoryId, id: conditionId } = law.rows[0]!;
  return {
    cityId,
    operator: await of('operator'),
    shiftLeader: await of('shiftLeader'),
    dispatcher: await of('dispatcher'),
    departments: await inOrder(departments.rows, async (one) => ({
      unitId: one.unit_id,
      token: await signIn(one.username),
    })),
    beats: await inOrder(beats.rows, async ({ username, lon, lat }) => ({
      token: await signIn(username),
      lon,
      lat,
    })),
    categoryId,
    conditionId,
  };
}

async function inOrder<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (const one of all) done.push(await work(one));
  return done;
}

const GIVE_UP_MS = 180_000;

/** People who work through whatever happens: who hears no answer asks again with the same key. */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  /** Photos whose upload was acknowledged, with what was sent. */
  readonly photos: { id: string; token: string; sent: Buffer }[] = [];
  /** How requests ended that were not acknowledged: what the client saw, and how often. */
  readonly unanswered = new Map<string, number>();
  readonly #url: string;
  readonly #cast: Cast;
  readonly #random: () => number;
  /** Every command is sent twice at the same time, and a third time when it was answered. */
  readonly #twice: boolean;
  /** Answers to the same key that were not the same. */
  readonly contradictions: string[] = [];
  #stopped = false;
  #started = 0;

  constructor(url: string, cast: Cast, random: () => number, { twice = false } = {}) {
    this.#twice = twice;
    this.#url = url;
    this.#cast = cast;
    this.#random = random;
  }

  /** Runs life cycles side by side until stopped; what was begun is brought to its end. */
  async run(clients: number): Promise<void> {
    await Promise.all(Array.from({ length: clients }, () => this.#client()));
  }

  stop(): void {
    this.#stopped = true;
  }

  get cycles(): number {
    return this.#started;
  }

  async #client(): Promise<void> {
    while (!this.#stopped) {
      this.#started += 1;
      await this.#cycle(this.#started);
    }
  }

  /** Report to close, in one of the ways that the process knows. */
  async #cycle(n: number): Promise<void> {
    const { operator, shiftLeader, dispatcher, departments, beats, categoryId, conditionId } = this.#cast;
    const beat = beats[n % beats.length]!;
    const department = departments[n % departments.length]!;
    const report = (token: string, extra: object): Promise<ReportReply> =>
      this.#command<ReportReply>('/reports', token, {
        categoryId,
        description: `第${n}处暴露垃圾 ${randomUUID()}`,
        position: { lon: beat.lon, lat: beat.lat },
        ...(token === operator
          ? { source: 'publicApp', reporter: { name: '王小明', phone: '13812345678' } }
          : {}),
        ...extra,
      });
    let reply: ReportReply | ActionReply =
      n % 3 === 0
        ? await report(beat.token, { mediaIds: [await this.#upload(beat.token, `before ${n}`)] })
        : await report(operator, { decision: n % 3 === 1 ? 'accept' : 'sendVerify' });
    const act = async (action: string, token: string, data: object = {}): Promise<void> => {
      const task = reply.opened[0];
      if (!task) throw new Error(`no task to ${action}: ${JSON.stringify(reply)}`);
      const { version } = reply.case;
      reply = await this.#command<ActionReply>(`/tasks/${task.id}/actions/${action}`, token, {
        version,
        data,
      });
    };
    if (n % 3 === 2) await act('confirm', beat.token);
    if (n % 5 === 0)
      await report(operator, { joinCaseId: reply.case.id }).then(({ case: { version } }) => {
        reply = { ...reply, case: { ...reply.case, version } } as ReportReply;
      });
    await act('file', shiftLeader, { conditionId });
    await act('dispatch', dispatcher, { unitId: department.unitId });
    await act('sign', department.token);
    const photo = n % 4 === 0 ? { mediaIds: [await this.#upload(department.token, `after ${n}`)] } : {};
    await act('respond', department.token, { result: '已清理', ...photo });
    await act('sendCheck', operator);
    if (n % 7 === 0) {
      await act('fail', beat.token, { reason: 'notDone' });
      await act('rework', dispatcher);
      await act('sign', department.token);
      await act('respond', department.token, { result: '已重新清理' });
      await act('sendCheck', operator);
    }
    await act('pass', beat.token);
    // Some cases stay open: their clocks must run on.
    if (n % 6 !== 0) await act('close', shiftLeader);
  }

  async #command<T extends ReportReply | ActionReply>(path: string, token: string, body: object): Promise<T> {
    const key = randomUUID();
    const askedAt = Date.now();
    const send = (): Promise<{ status: number; text: string }> =>
      this.#insist(path, token, JSON.stringify(body), {
        'content-type': 'application/json',
        'idempotency-key': key,
      });
    const [{ status, text }, ...others] = this.#twice
      ? [...(await Promise.all([send(), send()])), await send()]
      : [await send()];
    for (const other of others) {
      if (!sameAnswer(text, other.text)) this.contradictions.push(`${path}: ${text} and ${other.text}`);
    }
    const answer = JSON.parse(text) as T;
    this.acknowledged.push({ path, token, key, body, status, askedAt, answeredAt: Date.now(), answer });
    return answer;
  }

  async #upload(token: string, name: string): Promise<string> {
    const sent = await picture(name);
    const { contentType, payload } = fileUpload(sent);
    const { text } = await this.#insist('/media', token, payload, { 'content-type': contentType });
    const { id } = JSON.parse(text) as Media;
    this.photos.push({ id, token, sent });
    return id;
  }

  /** Asks until there is an answer; 503, 507 and a lost connection are none. @throws on anything else than success */
  async #insist(
    path: string,
    token: string,
    body: string | Buffer,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    const began = performance.now();
    while (performance.now() - began < GIVE_UP_MS) {
      const reply = await this.#once(path, token, body, headers);
      if (typeof reply !== 'string') {
        if (reply.status < 300) return reply;
        if (reply.status !== 503 && reply.status !== 507)
          throw new Error(`POST ${path}: ${reply.status} ${reply.text}`);
      }
      const why = typeof reply === 'string' ? reply : (JSON.parse(reply.text) as { code: string }).code;
      this.unanswered.set(why, (this.unanswered.get(why) ?? 0) + 1);
      await delay(20 + this.#random() * 150);
    }
    throw new Error(`POST ${path}: no answer in ${GIVE_UP_MS} ms`);
  }

  async #once(
    path: string,
    token: string,
    body: string | Buffer,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string } | string> {
    try {
      const reply = await fetch(`${this.#url}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, ...headers },
        body: body as string,
        signal: AbortSignal.timeout(10_000),
      });
      return { status: reply.status, text: await reply.text() };
    } catch (error) {
      // The answer may have been lost on its way: whether the command was done, nobody knows.
      return ((error as Error).cause as { code?: string } | undefined)?.code ?? (error as Error).name;
    }
  }
}

/** Whether two answers to one command say the same; what was similar is looked up anew each time. */
export function sameAnswer(one: string, other: string): boolean {
  const read = (text: string): string => {
    const { similar: _similar, ...answer } = JSON.parse(text) as Record<string, unknown>;
    return JSON.stringify(sorted(answer));
  };
  return read(one) === read(other);
}

/** JSON in the database has no order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}

/** The same command again, with its key. */
export async function again(url: string, { path, token, key, body }: Acknowledged): Promise<Response> {
  return fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
}
