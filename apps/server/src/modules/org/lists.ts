import { z } from 'zod';
import type { Region, RegionQuery, Unit, UnitQuery } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { directoryOf } from './directory.ts';

const Key = z.tuple([z.string(), z.string()]);

interface Coded {
  readonly id: string;
  readonly code: string;
  readonly parentId: string | null;
  readonly kind: string;
  readonly closed: boolean;
}

interface Query {
  limit: number;
  cursor?: string | undefined;
  kind?: string | undefined;
  parentId?: string | undefined;
}

/** The regions of the city by code. They are on every map and street sign: no scope narrows them. */
export async function listRegions(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof RegionQuery>,
): Promise<Page<Region>> {
  const { regions } = await directoryOf(platform, actor.cityId);
  const found = byCode(regions.values(), query);
  return {
    ...found,
    items: found.items.map(({ id, kind, parentId, code, name }) => ({ id, kind, parentId, code, name })),
  };
}

/** The units of the city by code: whom one may dispatch to, and who a reply speaks of. */
export async function listUnits(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof UnitQuery>,
): Promise<Page<Unit>> {
  const { units } = await directoryOf(platform, actor.cityId);
  const found = byCode(units.values(), query);
  return {
    ...found,
    items: found.items.map(({ id, kind, parentId, regionId, code, name }) => {
      return { id, kind, parentId, regionId, code, name };
    }),
  };
}

function byCode<T extends Coded>(all: Iterable<T>, query: Query): Page<T> {
  const after = decodeCursor(query.cursor, Key);
  const rows = [...all]
    .filter((one) => !one.closed)
    .filter((one) => query.kind === undefined || one.kind === query.kind)
    .filter((one) => query.parentId === undefined || one.parentId === query.parentId)
    .sort(compare)
    .filter((one) => after === undefined || compare(one, { code: after[0], id: after[1] }) > 0);
  return pageOf(rows.slice(0, query.limit + 1), query.limit, (last) => [last.code, last.id]);
}

function compare(a: { code: string; id: string }, b: { code: string; id: string }): number {
  if (a.code !== b.code) return a.code < b.code ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
