import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { demoCity, expectAccessible, expectNoSideways } from './browser.ts';

const CLI = path.resolve(import.meta.dirname, '../apps/server/src/cli.ts');
const FIXTURE = path.resolve(import.meta.dirname, '../apps/server/src/modules/importing/fixture');
const demo = demoCity({}, { viewport: { width: 1180, height: 800 } });
beforeAll(async () => {
  for (const register of ['kept', 'mistaken']) await bringIn(register);
});

/** By the command line, as a register comes in. */
async function bringIn(register: string): Promise<void> {
  const mapping = JSON.parse(await readFile(path.join(FIXTURE, 'flaws.mapping.json'), 'utf8')) as object;
  const to = (name: string): string => path.join(demo.server.home, name);
  await writeFile(to(`${register}.json`), JSON.stringify({ ...mapping, register }));
  await writeFile(to(`${register}.csv`), await readFile(path.join(FIXTURE, 'flaws.csv')));
  const args = ['import', 'cases', to(`${register}.csv`), '--mapping', to(`${register}.json`)];
  await promisify(execFile)(process.execPath, [CLI, ...args], {
    env: { ...process.env, DATABASE_URL: '', WANMI_HOME: demo.server.home },
  });
}

it('registers are looked after without a shell: fetched, adopted, kept, taken back', async () => {
  const { page } = await demo.sit('admin');
  await page.goto(`${demo.server.url}/console/transfer?tab=cases`);
  await page.getByRole('link', { name: 'mistaken.csv' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'kept.csv' }).click();
  await page.getByRole('region', { name: '按时情况' }).waitFor();
  await expectAccessible(page);

  const fetched = page.waitForEvent('download');
  await page.getByRole('button', { name: '下载拒收文件' }).click();
  const rejects = await readFile(await (await fetched).path(), 'utf8');
  expect(rejects.split('\r\n').filter((line) => line !== '').length).toBeGreaterThan(13);

  await page.getByRole('button', { name: '接办未结案卷' }).click();
  const adopting = page.getByRole('dialog');
  await adopting.getByText('未结共 3 件').waitFor();
  await adopting.getByLabel('最多件数').fill('2');
  await adopting.getByRole('button', { name: '接办 2 件' }).waitFor();
  await expectAccessible(page);
  await adopting.getByRole('button', { name: '接办 2 件' }).click();
  const done = page.getByRole('region', { name: '已做的操作' });
  await done.getByText('2 / 2 件').waitFor();

  // Two of its cases are the city's own by now.
  await page.getByRole('button', { name: '撤销这批台账' }).click();
  const refused = page.getByRole('dialog');
  await refused.getByText('有 2 件案卷在导入后已被办理').waitFor();
  await expectAccessible(page);
  await refused.getByRole('link').first().click();
  await page.waitForURL(/\/console\/cases\//);

  // On a phone.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${demo.server.url}/console/transfer?tab=cases`);
  await page.getByRole('link', { name: 'mistaken.csv' }).click();
  await page.getByRole('region', { name: '按时情况' }).waitFor();
  await expectNoSideways(page);
  await page.getByRole('button', { name: '撤销这批台账' }).click();
  const undoing = page.getByRole('dialog');
  await undoing.getByText(/^14 件案卷/).waitFor();
  await expectAccessible(page);
  const button = undoing.getByRole('button', { name: '撤销 14 件案卷' });
  expect(await button.isDisabled()).toBe(true);
  await undoing.getByLabel('理由').fill('映射有误');
  await undoing.getByRole('checkbox').check();
  await button.click();
  await page.getByText(/^这批台账已于/).waitFor();
  await done.getByText('理由：映射有误').waitFor();
  await expectNoSideways(page);
});
