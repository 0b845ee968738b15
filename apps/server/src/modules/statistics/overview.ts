import { OUTCOMES, type Overview, type OverviewQuery } from '@wanmi/contracts';
import type { z } from 'zod';
import type { Actor } from '#platform/actor';
import { addDays, cityDay } from '#platform/clock';
import { invalid } from '#platform/errors';
import { timeZoneOf } from '#platform/jobs-cities';
import type { Platform } from '#platform/platform';
import { unitsOf } from '#modules/org';
import {
  countByCategory,
  countByDay,
  countByDepartment,
  countByDistrict,
  countBySource,
  countOpen,
  openByDepartment,
  type DayRow,
  type SourceRow,
} from './overview-repo.ts';
import type { Period } from './period.ts';
import { reachOf, type Reach } from './reach.ts';

const DEFAULT_DAYS = 30;
/** Three years and a bit: what one screen can show. */
const MAX_DAYS = 1100;

/** The figures of a period in reach of an actor, from rollups and the partial indexes of open work alone. */
export async function overview(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof OverviewQuery>,
): Promise<Overview> {
  const { db, clock } = platform;
  const now = clock.now();
  const period = periodOf(query, cityDay(now, await timeZoneOf(platform, actor.cityId)));
  const reach = await reachOf(platform, actor, query.regionId);
  const sources = await countBySource(db, reach, period);
  const total = (of: keyof Omit<SourceRow, 'source'>): number =>
    sources.reduce((sum, row) => sum + row[of], 0);
  const byDepartment = await departments(platform, reach, period);
  return {
    ...period,
    reported: total('reported'),
    filed: total('filed'),
    dispatched: total('dispatched'),
    closed: total('closed'),
    closedOnTime: total('closedOnTime'),
    ended: total('ended'),
    selfHandled: total('selfHandled'),
    reopened: total('reopened'),
    voided: total('voided'),
    returned: byDepartment.reduce((sum, row) => sum + row.returned, 0),
    extended: byDepartment.reduce((sum, row) => sum + row.extended, 0),
    ...(await countOpen(db, reach, new Date(now))),
    byDay: everyDay(period, await countByDay(db, reach, period)),
    byOutcome: OUTCOMES.map((outcome) => ({
      outcome,
      ended: total(outcome) + (outcome === 'closed' ? total('selfHandled') : 0),
    })).filter((row) => row.ended > 0),
    bySource: sources.filter((row) => row.reported > 0).map(({ source, reported }) => ({ source, reported })),
    byCategory: await countByCategory(db, reach, period),
    byDepartment,
    byDistrict: await districts(platform, reach, period),
    asOf: new Date(now).toISOString(),
  };
}

function periodOf({ from, to }: z.output<typeof OverviewQuery>, today: string): Period {
  const last = to ?? (from === undefined || from <= today ? today : from);
  const first = from ?? addDays(last, 1 - DEFAULT_DAYS);
  if (first > last) throw wrong('/to', 'before_from');
  if (addDays(first, MAX_DAYS) <= last) throw wrong('/from', 'period_too_long');
  return { from: first, to: last };
}

function wrong(path: string, code: string) {
  return invalid([{ path, code, message: code, in: 'query' }]);
}

function everyDay({ from, to }: Period, rows: readonly DayRow[]): Overview['byDay'] {
  const found = new Map(rows.map((row) => [row.day, row]));
  const days: Overview['byDay'] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const row = found.get(day);
    days.push({ day, reported: row?.reported ?? 0, filed: row?.filed ?? 0, closed: row?.closed ?? 0 });
  }
  return days;
}

const NO_COUNTS = {
  dispatched: 0,
  responded: 0,
  onTime: 0,
  overdue: 0,
  exempt: 0,
  returned: 0,
  extended: 0,
};

async function departments(
  platform: Platform,
  reach: Reach,
  period: Period,
): Promise<Overview['byDepartment']> {
  const units = await unitsOf(platform, reach.cityId);
  const open = new Map((await openByDepartment(platform.db, reach)).map((row) => [row.unitId, row.open]));
  const counted = new Map(
    (await countByDepartment(platform.db, reach, period)).map(({ unitId, ...row }) => [unitId, row]),
  );
  const rows: Overview['byDepartment'] = [];
  for (const id of new Set([...counted.keys(), ...open.keys()])) {
    const unit = units.get(id);
    if (!unit) continue;
    const row = { ...(counted.get(id) ?? NO_COUNTS), open: open.get(id) ?? 0 };
    if (Object.values(row).every((count) => count === 0)) continue;
    rows.push({ unit: { id, code: unit.code, name: unit.name }, ...row });
  }
  return rows.sort((a, b) => b.dispatched - a.dispatched || b.open - a.open || byCode(a.unit, b.unit));
}

async function districts(platform: Platform, reach: Reach, period: Period): Promise<Overview['byDistrict']> {
  const counted = new Map(
    (await countByDistrict(platform.db, reach, period)).map(({ regionId, ...row }) => [regionId, row]),
  );
  return reach.districts
    .filter((region) => !region.closed || counted.has(region.id))
    .map(({ id, code, name }) => ({
      region: { id, code, name },
      ...(counted.get(id) ?? { reported: 0, filed: 0, closed: 0 }),
    }))
    .sort((a, b) => byCode(a.region, b.region));
}

function byCode(a: { code: string }, b: { code: string }): number {
  return a.code < b.code ? -1 : a.code > b.code ? 1 : 0;
}
