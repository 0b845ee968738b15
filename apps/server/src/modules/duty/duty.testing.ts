import { expect } from 'vitest';
import type { Absence, Role, ScopeKind, Shift, Task } from '@wanmi/contracts';
import * as asset from '#modules/asset';
import * as catalog from '#modules/catalog';
import * as cases from '#modules/cases';
import * as control from '#modules/control';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import * as media from '#modules/media';
import { onOrgChange, provideAtWork } from '#modules/org';
import { addDays } from '#platform/clock';
import { desk, type Desk } from '#testing/desk';
import { testPerson, type TestPerson } from '#testing/people';
import type { UnitName } from '#testing/world';
import * as duty from './index.ts';

export const MONDAY = '2026-03-02';
/** 2026-03-03 at that time in Shanghai; the test's clock stands at 10:00. */
export const today = (time: string, day = '2026-03-03'): string =>
  new Date(`${day}T${time}:00+08:00`).toISOString();

export interface Office extends Desk {
  /** Another person; may be named in `call` and `act` afterwards. */
  hire(
    username: string,
    role: Role,
    unit: UnitName,
    more?: { scope?: ScopeKind; beats?: string[]; region?: string },
  ): Promise<TestPerson>;
  shift(code: string, from: string, to: string, more?: Record<string, unknown>): Promise<Shift>;
  /** Puts people on a shift on the days of the week that begins on `MONDAY`. */
  roster(unit: UnitName, shift: Shift, who: readonly string[], days?: readonly string[]): Promise<void>;
  away(who: string, more?: Record<string, unknown>, by?: string): Promise<Absence>;
  box(who: string): Promise<Task[]>;
  claim(who: string, caseId: string): Promise<void>;
  /** The open task of a case as it is stored. */
  stored(
    caseId: string,
  ): Promise<{ id: string; unit_id: string; post_id: string | null; claimed_post_id: string | null }>;
  lastEntry(caseId: string): Promise<{
    type: string;
    personId: string | null;
    postId: string | null;
    payload: {
      moved?: { id: string; postId: string | null; unitId: string; claimedPostId?: string | null }[];
    };
  }>;
  close(): Promise<void>;
}

/** A desk whose people have shifts and absences. */
export async function office(): Promise<Office> {
  const stops = [
    provideAtWork(duty.atWork),
    cases.providePlannedDepartments(duty.plannedDepartments),
    onOrgChange(cases.moveWork),
    onOrgChange(duty.movePlans),
  ];
  const d = await desk({ modules: [catalog, control, grid, asset, media, intake, cases, duty] });
  const { w } = d;
  const week = Array.from({ length: 7 }, (_, n) => addDays(MONDAY, n));

  async function ok<T>(who: string, url: string, body: Record<string, unknown>): Promise<T> {
    const reply = await d.call<T>(who, 'POST', url, body);
    expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300);
    return reply.body;
  }

  return {
    ...d,
    async hire(username, role, unit, { scope, beats, region } = {}) {
      const person = await testPerson(w.platform, w.cityId, {
        username,
        role,
        roleId: w.roleIds.get(role)!,
        unitId: w.units[unit],
        scope: scope ?? (role === 'collector' ? 'own' : 'city'),
        patrolGridIds: beats ?? [],
        ...(region === undefined ? {} : { scopeRegionId: region }),
      });
      (w.people as Map<string, TestPerson>).set(username, person);
      return person;
    },
    shift(code, from, to, more = {}) {
      const weekly = Object.fromEntries(
        ['1', '2', '3', '4', '5', '6', '7'].map((day) => [day, [[from, to]]]),
      );
      return ok<Shift>('admin', '/duty/shifts', {
        code,
        name: { 'zh-CN': code, en: code },
        weekly,
        validFrom: '2026-01-01',
        ...more,
      });
    },
    async roster(unit, shift, who, days = week) {
      const lines = days.map((day) => who.map((one) => `${one},${day},${shift.code}`)).flat();
      const csv = ['username,day,shift', ...lines].join('\n');
      const reply = await upload(d, 'admin', csv);
      expect(reply.body).toMatchObject({ imported: lines.length, bad: [] });
      expect(unit).toBeDefined();
    },
    away(who, more = {}, by = 'admin') {
      return ok<Absence>(by, '/duty/absences', {
        postId: w.person(who).postId,
        from: today('10:00'),
        to: today('18:00', '2026-03-05'),
        reason: 'leave',
        ...more,
      });
    },
    async box(who) {
      return (await d.call<{ items: Task[] }>(who, 'GET', '/tasks')).body.items;
    },
    async claim(who, caseId) {
      await d.act(who, caseId, 'claim');
    },
    async stored(caseId) {
      const { rows } = await w.platform.pool.query(
        'select id, unit_id, post_id, claimed_post_id from task where case_id = $1 and done_at is null',
        [caseId],
      );
      return rows[0] as never;
    },
    async lastEntry(caseId) {
      const { rows } = await w.platform.pool.query<{ body: string }>(
        'select body from case_event where case_id = $1 order by seq desc limit 1',
        [caseId],
      );
      return JSON.parse(rows[0]!.body) as never;
    },
    async close() {
      for (const stop of stops) stop();
      await w.close();
    },
  };
}

/** Sends a roster as a file. */
export async function upload(d: Desk, who: string, csv: string | Buffer, query = '') {
  const mark = 'wanmi-csv';
  const payload = Buffer.concat([
    Buffer.from(
      `--${mark}\r\ncontent-disposition: form-data; name="file"; filename="roster.csv"\r\ncontent-type: text/csv\r\n\r\n`,
    ),
    Buffer.from(csv),
    Buffer.from(`\r\n--${mark}--\r\n`),
  ]);
  const reply = await d.w.app.inject({
    method: 'POST',
    url: `/api/v1/duty/roster/import${query}`,
    headers: { ...d.w.as(who).headers, 'content-type': `multipart/form-data; boundary=${mark}` },
    payload,
  });
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
}
