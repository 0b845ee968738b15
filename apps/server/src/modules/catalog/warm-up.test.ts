import type { Graph } from '@wanmi/process';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Platform } from '#platform/platform';
import { testCity, world, type TestCity, type World } from '#testing/world';
import * as catalog from './index.ts';
import { processOf, warmUp } from './index.ts';

let w: World;
let neighbour: TestCity;
beforeAll(async () => {
  w = await world({ modules: [catalog] });
  neighbour = await testCity(w.platform, '-n');
});
afterAll(() => w.close());

async function drawingsOf(cityId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from rule_version where city_id = ${cityId}::uuid and kind = 'process'`.execute(w.platform.db);
  return rows.map(({ id }) => id);
}

/** What is known needs no database. */
const known = (id: string): Promise<Graph> => processOf({} as Platform, id);

it('compiles the drawings of all cities before anybody asks, whatever is wrong with those of one', async () => {
  const [broken, sound] = [await drawingsOf(w.cityId), await drawingsOf(neighbour.cityId)];
  for (const id of [...broken, ...sound]) await expect(known(id)).rejects.toThrow();
  await sql`alter table rule_version disable trigger user`.execute(w.platform.db);
  await sql`update rule_version set content = '<nothing/>' where city_id = ${w.cityId}::uuid and kind = 'process'`.execute(
    w.platform.db,
  );
  await warmUp(w.platform);
  for (const id of sound) expect((await known(id)).nodes.length).toBeGreaterThan(5);
  for (const id of broken) await expect(known(id)).rejects.toThrow();
});
