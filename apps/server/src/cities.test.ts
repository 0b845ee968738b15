import path from 'node:path';
import { compileProcess } from '@wanmi/process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildServer } from './app.ts';
import { overlay, packArchive, readRuleFolder, type RuleSet } from './modules/publishing/index.ts';
import type { App } from './platform/http.ts';
import { Driver, type Drive } from './testing/driver.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';
import { ruledCity, type RuledCity } from './testing/ruled-city.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../config');
const MODELS = ['district', 'twoLevels', 'county'] as const;
type Model = (typeof MODELS)[number];

let platform: TestPlatform;
let app: App;
const cities = new Map<Model, RuledCity>();

async function archiveOf(model: Model): Promise<Buffer> {
  const shipped = await readRuleFolder(CONFIG);
  return packArchive(overlay(shipped, await readRuleFolder(path.join(CONFIG, 'city', model))));
}

const graphOf = (files: RuleSet) =>
  compileProcess(files.get('process/case.bpmn')!, { calls: (code) => files.get(`process/${code}.bpmn`) });

beforeAll(async () => {
  platform = await testPlatform();
  app = await buildServer(platform);
  for (const [index, model] of MODELS.entries()) {
    cities.set(model, await ruledCity(platform, `430${index + 1}`, await archiveOf(model), `.${model}`));
  }
});
afterAll(async () => {
  await app.close();
  await platform.close();
});

describe('three cities in one instance', () => {
  test.each(MODELS)('%s is driven through every action', async (model) => {
    const city = cities.get(model)!;
    const driver = new Driver({ platform, app, city, graph: await graphOf(city.files), seed: 1 });
    const from = performance.now();
    let drive: Drive;
    try {
      drive = await driver.drive(120);
    } finally {
      console.log(driver.log.slice(-30).join('\n'));
    }
    console.log(model, drive.caseIds.length, 'cases', Math.round(performance.now() - from), 'ms', drive.missing, drive.stuck, [...drive.refused], [...drive.given].map(([k, v]) => `${k}: ${[...v].join(' ')}`).join('\n'));
    expect(drive.missing).toEqual([]);
    expect(drive.stuck).toEqual([]);
  }, 600_000);
});
