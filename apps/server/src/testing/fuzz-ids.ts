import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { createUnit } from '../modules/org/index.ts';
import type { App } from '../platform/http.ts';
import { uuidv7 } from '../platform/ids.ts';
import { both } from './ground.ts';
import { testPerson } from './people.ts';
import type { TestPlatform } from './platform.ts';
import type { Planted } from './scene.ts';
import type { TestCity } from './world.ts';

/** What a route is about, by its path before the id: `rules/drafts` of `/api/v1/rules/drafts/{id}/publish`. */
export type IdsByPath = Readonly<Record<string, string>>;

export const pathOfId = (path: string): string => path.slice('/api/v1/'.length).split('/{id}')[0]!;

/** One thing of every kind that a path can name, of this city: what is sent there meets something. */
export async function plantIds(
  { app, platform }: { app: App; platform: TestPlatform },
  city: TestCity,
  [planted]: readonly Planted[],
  suffix: string,
): Promise<IdsByPath> {
  const { cityId } = city;
  const person = (who: string) => city.people.get(who + suffix)!;
  const now = platform.clock.now();
  const at = new Date(now);
  const insert = async (sql: string, values: readonly unknown[]): Promise<string> => {
    const id = uuidv7(now);
    await platform.pool.query(sql, [id, ...values]);
    return id;
  };
  const post = async (who: string, url: string, payload: object): Promise<string> => {
    const headers = { authorization: `Bearer ${person(who).token}` };
    const reply = await app.inject({ method: 'POST', url: `/api/v1/${url}`, headers, payload });
    expect(reply.statusCode, `${url}: ${reply.body}`).toBeLessThan(300);
    return reply.json<{ id: string }>().id;
  };

  const unit = await createUnit(platform.db, platform, {
    cityId,
    kind: 'office',
    code: 'SPARE',
    name: both('备用'),
    parentId: city.units.supervisionCentre,
  });
  const spare = await testPerson(platform, cityId, {
    username: `spare${suffix}`,
    role: 'assessor',
    roleId: city.roleIds.get('assessor')!,
    unitId: unit,
    scope: 'unit',
  });
  const draft = await post('admin', 'rules/drafts', { name: 'fuzz' });
  const version = (number: number, content: string): Promise<string> =>
    insert(
      `insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, valid_from, created_at)
       values ($1, $2, 'process', 'x-fuzz', $3, $4, $5, 'retired', $6, $6)`,
      [cityId, number, content, createHash('sha256').update(content).digest(), at],
    );
  const { rows } = await platform.pool.query<{ content: string }>(
    'select content from rule_version where id = $1',
    [city.rules.processId],
  );
  const [before, after] = [await version(1, rows[0]!.content), await version(2, `${rows[0]!.content}\n`)];
  // A try of a table that may be confirmed, with a row that was refused.
  const tried = await insert(
    `insert into import_batch (id, city_id, kind, register, file_name, file_bytes, file_sha256, mapping, mapping_sha256,
       mode, state, read, rejected, position, columns, started_by, started_at, updated_at, ended_at)
     values ($1, $2, 'unit', '', 'units.csv', 1, $3, '{}', $3, 'dry', 'done', 1, 1, 1, '{code,name}', $5, $4, $4, $4)`,
    [cityId, createHash('sha256').update(`units${suffix}`).digest(), at, person('admin').personId],
  );
  await platform.pool.query(
    `insert into transfer_file (batch_id, city_id, columns, person_id, post_id) values ($1, $2, '{code,name}', $3, $4)`,
    [tried, cityId, person('admin').personId, person('admin').postId],
  );
  await platform.pool.query(
    `insert into import_reject (batch_id, row, line, city_id, reason, field, cells)
     values ($1, 1, 2, $2, 'cell.required', 'name', '["FUZZ",""]')`,
    [tried, cityId],
  );
  return {
    'transfer/imports': tried,
    'transfer/exports': await insert(
      `insert into city_export (id, city_id, state, personal, media, started_at, started_person, started_post, updated_at,
         ended_at) values ($1, $2, 'done', false, false, $3, $4, $5, $3, $3)`,
      [cityId, at, person('admin').personId, person('admin').postId],
    ),
    cases: planted!.caseId,
    tasks: planted!.tasks[0]!.id,
    media: planted!.mediaIds[0]!,
    reports: planted!.reportIds[0]!,
    rules: city.rules.processId!,
    units: unit,
    people: spare.personId,
    posts: spare.postId,
    assets: await insert(
      `insert into asset (id, city_id, category_id, code, name, state, geom, valid_from)
       values ($1, $2, $3, '1101010101000009', '{"zh-CN":"井盖","en":"cover"}', 'inPlace',
         st_setsrid(st_makepoint(116.0005, 30.0013), 4326), $4)`,
      [cityId, city.rules.categories.cover, at],
    ),
    // Lids alone, and at night: nothing that the others report is of its kind
    controls: await post('admin', 'controls', {
      code: 'FUZZ',
      kind: 'samePeriod',
      name: both('街'),
      regionId: city.districts[0].id,
      categoryIds: [city.rules.categories.cover],
    }),
    notices: await insert(
      `insert into notice (id, city_id, post_id, kind, at) values ($1, $2, $3, 'taskOpened', $4)`,
      [cityId, person('operator').postId, at],
    ),
    'duty/shifts': await post('shiftLeader', 'duty/shifts', {
      code: 'FUZZ',
      name: both('夜班'),
      unitId: city.units.supervisionCentre,
      weekly: { '1': [['22:00', '06:00']] },
      validFrom: '2026-03-02',
    }),
    'duty/absences': await insert(
      `insert into absence (id, city_id, post_id, from_at, to_at, planned_to, reason, created_at, created_post_id)
       values ($1, $2, $3, $4, $5, $5, 'leave', $4, $6)`,
      [cityId, person('assessor').postId, at, new Date(now + 86_400_000), person('shiftLeader').postId],
    ),
    'rules/publications': await insert(
      `insert into publication (id, city_id, version, state, reason, effective_at, published_at, archive, hash, files)
       values ($1, $2, 1, 'scheduled', 'fuzz', $3, $4, $5, $6, 1)`,
      [
        cityId,
        new Date(now + 86_400_000),
        at,
        await archiveOf(app, person('admin').token),
        createHash('sha256').update('fuzz').digest(),
      ],
    ),
    'transfer/cases': await insert(
      `insert into import_batch (id, city_id, kind, register, file_name, file_bytes, file_sha256, mapping, mapping_sha256,
         mode, state, read, rejected, position, columns, started_at, updated_at, ended_at)
       values ($1, $2, 'case', 'fuzz', 'fuzz.csv', 1, $3, '{"fields":{"id":"a"}}', $3, 'real', 'done', 1, 1, 1, '{a,b}',
         $4, $4, $4)`,
      [cityId, createHash('sha256').update('fuzz').digest(), at],
    ),
    'transfer/uploads': await insert(
      `insert into register_upload (id, city_id, file_name, file_bytes, sha256, state, total, began_at, inspection, mapping,
         person_id, post_id, started_at, updated_at)
       values ($1, $2, 'fuzz.csv', 1, $3, 'ready', 1, $4, $5, $6, $7, $8, $4, $4)`,
      [
        cityId,
        createHash('sha256').update(`register${suffix}`).digest(),
        at,
        {
          encoding: 'utf-8',
          delimiter: ',',
          headingRow: 1,
          sheets: null,
          sampled: 1,
          odd: 0,
          columns: [],
          unsure: [],
        },
        { format: 'wanmi-import/1', kind: 'case', register: 'fuzz', dateFormats: [], fields: { id: 'a' } },
        person('admin').personId,
        person('admin').postId,
      ],
    ),
    'rules/drafts': draft,
    'rules/try-outs': await post('admin', `rules/drafts/${draft}/try-outs`, { cases: 10 }),
    'rules/process-moves': await insert(
      `insert into process_move (id, city_id, from_id, to_id, map, map_hash, reason, state, total, started_at)
       values ($1, $2, $3, $4, '{}', $5, 'fuzz', 'running', 1, $6)`,
      [cityId, before, after, createHash('sha256').update('{}').digest(), at],
    ),
  };
}

async function archiveOf(app: App, token: string): Promise<Buffer> {
  const headers = { authorization: `Bearer ${token}` };
  const reply = await app.inject({ url: '/api/v1/rules/archive', headers });
  expect(reply.statusCode).toBe(200);
  return reply.rawPayload;
}
