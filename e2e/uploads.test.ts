import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { demoCity, expectAccessible, expectNoSideways } from './browser.ts';

const demo = demoCity();

/** Ten rows; the third has a day that no calendar knows, and the last column says nothing by its name. */
async function register(): Promise<string> {
  const rows = Array.from({ length: 10 }, (_, at) => {
    const day = at === 2 ? '2024-02-31 08:00' : `2024-03-0${(at % 9) + 1} 08:00`;
    return `A${at + 1},${day},2024-03-20 10:00,已结案,暴露垃圾,城管局,沿街第${at + 1}处`;
  });
  const file = path.join(demo.server.home, '旧系统.csv');
  await writeFile(file, ['案卷编号,上报时间,结案时间,状态,小类,处置部门,杂项', ...rows, ''].join('\n'));
  return file;
}

it('a register is sent, its columns are mapped, it is tried and brought in', async () => {
  const seat = await demo.sit('admin');
  const { page } = seat;
  await page.goto(`${demo.server.url}/console/transfer?tab=cases`);
  await page.getByRole('region', { name: '上传台账' }).waitFor();
  await expectAccessible(page);

  // What is no table is told from one, and nothing is left to be tried.
  const odd = path.join(demo.server.home, '空.csv');
  await writeFile(odd, '');
  const chosen = page.getByLabel('将历史台账拖到此处', { exact: false });
  await chosen.setInputFiles(odd);
  await page.getByRole('alert').first().waitFor();
  seat.allow(/4\d\d POST .*\/transfer\/uploads$/);
  await page.goto(`${demo.server.url}/console/transfer?tab=cases`);

  await chosen.setInputFiles(await register());
  await page.getByRole('heading', { level: 2, name: '旧系统.csv' }).waitFor();
  const found = page.getByRole('region', { name: '文件内容' });
  await found.getByRole('combobox', { name: '杂项', exact: true }).waitFor();
  await expectAccessible(page);
  expect(await found.getByRole('combobox', { name: '上报时间', exact: true }).inputValue()).toBe(
    'reportedAt',
  );

  // Mapped otherwise; before that is saved nothing is tried.
  const odds = found.getByRole('combobox', { name: '杂项', exact: true });
  await odds.selectOption({ label: '描述' });
  const tries = page.getByRole('button', { name: '试读', exact: true });
  expect(await tries.isDisabled()).toBe(true);
  await found.getByRole('button', { name: '保存读法' }).click();
  await page.getByText('请先保存读法的修改。').waitFor({ state: 'detached' });
  await tries.click();
  const tried = page.getByRole('region', { name: '试读结果（未写入）' });
  await tried.getByText('前 1 条拒收的行').click();
  await tried.getByText('2024-02-31 08:00', { exact: false }).waitFor();
  await expectAccessible(page);

  // On a phone nothing is pushed sideways.
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSideways(page);
  await expectAccessible(page);
  await page.goto(`${demo.server.url}/console/transfer?tab=cases`);
  await page.getByRole('link', { name: '旧系统.csv' }).waitFor();
  await expectNoSideways(page);
  await page.getByRole('link', { name: '旧系统.csv' }).click();

  await page.getByRole('button', { name: /正式导入 9 行/ }).click();
  await page.getByRole('link', { name: '查看这批台账' }).click();
  await page.getByRole('heading', { level: 2, name: '旧系统.csv' }).waitFor();
  await page.getByRole('region', { name: '按时情况' }).waitFor();
  await expectNoSideways(page);
  // It is a register now, and waits no more.
  await page.goto(`${demo.server.url}/console/transfer?tab=cases`);
  await page.getByRole('link', { name: '旧系统.csv' }).waitFor();
  expect(await page.getByRole('link', { name: '旧系统.csv' }).getAttribute('href')).toContain('batch=');
  await page.getByText('尚未导入完成').waitFor({ state: 'detached' });
});

it('who may not import is told so, and is offered no place for a file', async () => {
  const seat = await demo.sit('operator1');
  seat.allow(/403 GET /);
  const { page } = seat;
  const rail = page.getByRole('navigation', { name: '功能' });
  expect(await rail.locator('[href*=transfer]').count()).toBe(0);
  for (const search of ['', '?tab=cases', '?tab=history', '?tab=cases&upload=none']) {
    await page.goto(`${demo.server.url}/console/transfer${search}`);
    await page.getByText('您当前的岗位不能执行此操作。').first().waitFor();
    expect(await page.locator('input[type=file]').count()).toBe(0);
    await expectAccessible(page);
  }
});
