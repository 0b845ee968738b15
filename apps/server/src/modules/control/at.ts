import type { ControlHint } from '@wanmi/contracts';
import { catalogOf, type Catalog } from '#modules/catalog';
import type { Platform } from '#platform/platform';
import { nextSpan, spanAt, type DailyHours, type Span } from './hours.ts';
import { readSpoken, type ControlPlace, type ControlRow } from './repo.ts';

export type { ControlPlace } from './repo.ts';

/** What is done in the hours of the find where the control names no hours: so long before and after that time of day. */
const AROUND_MS = 3_600_000;
const DAY_MS = 86_400_000;

const daily = ({ hours, weekdays }: ControlRow): DailyHours | null => hours && { hours, weekdays };

/** The category and those above it: a control of a big class speaks of all below it. */
export function lineOf(catalog: Catalog, categoryId: string | null): string[] {
  const line: string[] = [];
  for (let at = catalog.categoryById.get(categoryId ?? ''); at && line.length < 10;) {
    line.push(at.id);
    at = catalog.categoryById.get(at.parentId ?? '');
  }
  return line;
}

/** What speaks of a place and category at a moment (ms), hours of the wall clock included; ordered by code. */
export async function controlsAt(
  platform: Platform,
  cityId: string,
  place: ControlPlace,
  categoryId: string | null,
  at: number,
): Promise<ControlHint[]> {
  const catalog = await catalogOf(platform, cityId);
  const categoryIds = lineOf(catalog, categoryId);
  const rows = await readSpoken(platform.db, { cityId, place, categoryIds, at: new Date(at) });
  return hintsOf(rows.filter((row) => speaksNow(row, at, catalog.city.timeZone)));
}

function speaksNow(row: ControlRow, at: number, timeZone: string): boolean {
  const hours = daily(row);
  return hours === null || spanAt(hours, at, timeZone) !== null;
}

export function hintsOf(rows: readonly ControlRow[]): ControlHint[] {
  return rows.map(({ id, code, kind, name, hours }) => ({ id, code, kind, name, hours }));
}

/** What a collector's report is refused for; null where it is collected. */
export function refusing(controls: readonly ControlHint[]): ControlHint | null {
  return controls.find(({ kind }) => kind === 'noCollect' || kind === 'noCollectHours') ?? null;
}

export interface Find {
  readonly place: ControlPlace;
  readonly categoryId: string | null;
  /** When it was found (ms): when it was reported. */
  readonly foundAt: number;
}

export interface CheckWindow extends Span {
  /** By what it is done so. */
  readonly control: ControlHint;
}

/**
 * 同时段核查: the hours in which a case is to be checked, those that run at `after` or the next that come. Null where
 * nothing asks for it: at any time. Of several controls the one with the shortest hours counts.
 */
export async function checkWindow(
  platform: Platform,
  cityId: string,
  { place, categoryId, foundAt }: Find,
  after: number,
): Promise<CheckWindow | null> {
  const catalog = await catalogOf(platform, cityId);
  const { timeZone } = catalog.city;
  const categoryIds = lineOf(catalog, categoryId);
  const rows = await readSpoken(platform.db, { cityId, place, categoryIds, at: new Date(after) });
  const windows = rows
    .filter((row) => row.kind === 'samePeriod' && speaksNow(row, foundAt, timeZone))
    .map((row): CheckWindow => {
      const hours = daily(row);
      const span = hours ? nextSpan(hours, after, timeZone) : spanAround(foundAt, after);
      return { ...span, control: hintsOf([row])[0]! };
    });
  return windows.toSorted((a, b) => a.to - a.from - (b.to - b.from))[0] ?? null;
}

/** 同时段核查 where nobody has said which hours: those that run at `after`, or the next, around the time of the find. */
export function sameHours(foundAt: number, after: number): Span {
  return spanAround(foundAt, after);
}

/** An hour before and after the same time of some later day; days of 24 hours. */
function spanAround(foundAt: number, after: number): Span {
  const days = Math.max(0, Math.floor((after - foundAt - AROUND_MS) / DAY_MS) + 1);
  const middle = foundAt + days * DAY_MS;
  return { from: middle - AROUND_MS, to: middle + AROUND_MS };
}
