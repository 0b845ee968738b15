import { randomBytes } from 'node:crypto';
import { ROLES, type Role } from '@wanmi/contracts';
import { releaseClock, startDemo } from '#modules/demo';
import { progressLine, readScenario, runningSimulation, simulate } from '#modules/simulation';
import { addDays, cityDay, cityDayStart, systemClock, type Clock } from './platform/clock.ts';
import type { DemoSize } from './platform/config.ts';
import { hashPassword, verifyPassword } from './platform/password.ts';
import type { Platform } from './platform/platform.ts';
import { loadCity, rulesOfModel, type LoadedCity } from './seeding/load-city.ts';

export interface RunningDemo {
  /** Common to all people of the demo city. */
  readonly password: string;
  /** One of each role, in the order in which a case meets them. */
  readonly accounts: readonly DemoPerson[];
  stop(): Promise<void>;
}

/** Reports a minute: a larger city has more to tell. */
const PACE: Readonly<Record<DemoSize, number>> = { S: 2, M: 3, L: 5, XL: 5 };

export interface DemoPerson {
  readonly username: string;
  readonly role: Role;
}

/** What lies behind a demo city when it is first seen: reports of a year. A small one lives three days instead. */
const YEAR: Readonly<Record<DemoSize, number>> = { S: 0, M: 20_000, L: 100_000, XL: 1_000_000 };
/** More than that is generated, not played through the API. */
const MOST_PLAYED = 5000;
const SCENARIO = 'ordinary';

/**
 * The one place where a demo city is made and played; `url` is the server's own, null without the service `web`.
 * @throws the signal's reason, when it was told to stop before the city could be served
 */
export async function bootDemo(
  platform: Platform,
  url: string | null,
  signal: AbortSignal,
): Promise<RunningDemo> {
  const { password, passwordHash } = await demoPassword(platform);
  const { size = 'S', model, pastReports, reportsPerMinute } = platform.config.demo ?? {};
  const year = pastReports === undefined ? YEAR[size] : pastReports > MOST_PLAYED ? pastReports : 0;
  // Its people were there before the first of its cases.
  const present = presentOf(platform);
  const from = addDays(cityDay(present.now(), ZONE), -365);
  const since = year > 0 ? { now: () => cityDayStart(from, ZONE) } : platform.clock;
  const city = await loadCity(
    { ...platform, clock: since },
    { size, passwordHash, ...(model === undefined ? {} : { rules: await rulesOfModel(model) }) },
  );
  signal.throwIfAborted();
  const accounts = await oneOfEachRole(platform);
  if (url === null) {
    releaseClock(platform);
    return { password, accounts, stop: async () => {} };
  }
  const lived = await liveYear({ ...platform, clock: present }, city, from, year, signal);
  if (lived) releaseClock(platform);
  const demo = startDemo(platform, {
    url,
    password,
    ...(pastReports === undefined ? {} : { pastReports: Math.min(pastReports, MOST_PLAYED) }),
    reportsPerMinute: reportsPerMinute ?? PACE[size],
  });
  return { password, accounts, stop: () => demo.stop() };
}

const ZONE = 'Asia/Shanghai';

/** What time it is outside; a demo's own clock may be ahead of it. */
function presentOf({ clock }: Platform): Clock {
  return { now: () => Math.max(clock.now(), systemClock.now()) };
}

/** The year before a large city is first seen; one that was ended in between is gone on with. */
async function liveYear(
  platform: Platform,
  { cityId, created }: LoadedCity,
  from: string,
  reports: number,
  signal: AbortSignal,
): Promise<boolean> {
  const running = await runningSimulation(platform, cityId);
  if (!running && !(created && reports > 0)) return false;
  const period = { name: SCENARIO, seed: '1', from, to: addDays(from, 365), reports };
  const asked = running ?? { ...period, scenario: await readScenario(SCENARIO) };
  platform.log.info(
    { from: asked.from, reports: asked.reports },
    'the year before is generated; it goes on after a stop',
  );
  const show = progressLine(performance.now());
  await simulate(platform, { ...asked, cityId, progress: show.step, signal });
  show.end();
  signal.throwIfAborted();
  return true;
}

async function oneOfEachRole({ pool }: Platform): Promise<DemoPerson[]> {
  const { rows } = await pool.query<DemoPerson>(
    `select distinct on (r.code) p.username, r.code as role
     from post o join role r on r.id = o.role_id join person p on p.id = o.person_id
     where o.valid_to is null and p.valid_to is null order by r.code, length(p.username), p.username`,
  );
  return rows.sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
}

export interface DemoPassword {
  readonly password: string;
  readonly passwordHash: string;
}

/** The common password: as set, else the one of the start before, else a random one. */
export async function demoPassword(platform: Platform): Promise<DemoPassword> {
  const { pool, config } = platform;
  const { rows } = await pool.query<{ key: string; value: string }>(
    `select key, value #>> '{}' as value from instance where key in ('demo.password', 'demo.passwordHash')`,
  );
  const kept = new Map(rows.map((row) => [row.key, row.value]));
  const password = config.demo?.password ?? kept.get('demo.password') ?? randomBytes(9).toString('base64url');
  const oldHash = kept.get('demo.passwordHash') ?? null;
  if (oldHash !== null && (await verifyPassword(password, oldHash)))
    return { password, passwordHash: oldHash };
  const passwordHash = await hashPassword(password);
  await keep(platform, 'demo.password', password);
  await keep(platform, 'demo.passwordHash', passwordHash);
  // Whoever still has the common password of before gets the new one; a password of one's own stays.
  if (oldHash !== null) {
    await pool.query('update person set password_hash = $1 where password_hash = $2', [
      passwordHash,
      oldHash,
    ]);
  }
  return { password, passwordHash };
}

async function keep({ pool }: Platform, key: string, value: string): Promise<void> {
  await pool.query(
    `insert into instance (key, value) values ($1, to_jsonb($2::text))
     on conflict (key) do update set value = excluded.value`,
    [key, value],
  );
}
