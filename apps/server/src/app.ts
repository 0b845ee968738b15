import path from 'node:path';
import type { Pool } from 'pg';
import * as asset from '#modules/asset';
import * as audit from '#modules/audit';
import * as backup from '#modules/backup';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as control from '#modules/control';
import * as duty from '#modules/duty';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import * as integrity from '#modules/integrity';
import * as media from '#modules/media';
import * as notify from '#modules/notify';
import * as org from '#modules/org';
import * as publishing from '#modules/publishing';
import * as registers from '#modules/registers';
import * as statistics from '#modules/statistics';
import * as transfer from '#modules/transfer';
import * as tryout from '#modules/tryout';
import { VirtualClock } from './platform/clock.ts';
import { parseConfig } from './platform/config.ts';
import { buildApp } from './platform/http.ts';
import type { App, HttpOptions, Module } from './platform/http.ts';
import { createLogger } from './platform/log.ts';
import type { Platform } from './platform/platform.ts';
import type { Db } from './platform/pool.ts';
import { createHub } from './platform/sse.ts';

/** The rooms of the house. */
export const modules: readonly Module[] = [
  org,
  audit,
  catalog,
  publishing,
  control,
  grid,
  asset,
  media,
  intake,
  cases,
  duty,
  integrity,
  statistics,
  notify,
  tryout,
  backup,
  transfer,
  registers,
];

export const MIGRATIONS = path.resolve(import.meta.dirname, '../migrations');
export const WEB_ROOT = path.resolve(import.meta.dirname, '../../web/dist');

/** The whole product's server. */
export function buildServer(platform: Platform, options: HttpOptions = {}): Promise<App> {
  // Who sees a case decides who sees its photos and its point on the map; both lie below cases, so they are told.
  media.provideCaseScope((_scope, _cityId, actor) => cases.visibleCaseSql(actor));
  grid.provideCaseScope(cases.caseScopeSql);
  tellPublished();
  publishing.provideTried(tryout.doneTry);
  return buildApp(platform, modules, options);
}

/**
 * Rules, people and units stand below the cases that follow them, which hear of what became of them, and whoever looks for
 * somebody to do a step asks who is at work. Every process calls this when it boots: the server, the worker, whose clocks
 * open steps too, the command line. Twice is once.
 */
export function tellPublished(): void {
  org.provideAtWork(duty.atWork);
  cases.providePlannedDepartments(duty.plannedDepartments);
  publishing.onCalendarsPublished(cases.recomputeClocks);
  org.onOrgChange(cases.moveWork);
  org.onOrgChange(duty.movePlans);
}

/** The OpenAPI document with every route there can be, those of a demo too. */
export async function describeApi(db: Db, pool: Pool): Promise<object> {
  const config = parseConfig({}, ['--demo', '--virtual-clock']);
  const app = await buildServer({
    db,
    pool,
    config,
    clock: new VirtualClock({ start: 0, rate: 0 }),
    log: createLogger({ level: 'silent' }),
    hub: createHub(),
    blobs: undefined as never, // no request is answered
  });
  const document = app.swagger();
  await app.close();
  return document;
}
