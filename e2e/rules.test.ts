import type { CaseDetail } from '@wanmi/contracts';
import { Client } from '@wanmi/simulator';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { beginDraft, demoCity, eventually, expectAccessible, expectNoSideways } from './browser.ts';

const demo = demoCity({ past: 1 });

const view = (page: Page, name: string) =>
  page.getByRole('navigation', { name: '草稿内容' }).getByRole('link', { name: new RegExp(`^${name}`) });

let told = 0;
/** The limit of a case that is registered and filed now, against that condition. */
async function limitOfNewCase(condition: string): Promise<number | undefined> {
  const [operator, leader] = await Promise.all(
    ['operator1', 'shift1'].map(async (username) => {
      const client = new Client({ baseUrl: demo.server.url });
      await client.login(username, demo.server.password);
      return client;
    }),
  );
  told += 1;
  const { case: made } = await operator!.post<{ case: { id: string } }>('/reports', {
    source: 'hotline12345',
    categoryCode: 'event:0103',
    description: `第${told}处门前私放坡道`,
    address: `团结路${told}号`,
    position: { lon: 120.0901 + told * 0.002, lat: 30.2001 },
    decision: 'accept',
  });
  const open = await leader!.get<CaseDetail>(`/cases/${made.id}`);
  const { items } = await leader!.get<{ items: { id: string; code: string }[] }>('/conditions', {
    categoryId: open.category!.id,
  });
  const task = open.tasks.find((one) => one.step === 'file')!;
  await leader!.act(task.id, 'file', {
    version: task.version,
    data: { conditionId: items.find((one) => one.code === condition)!.id },
  });
  return (await leader!.get<CaseDetail>(`/cases/${made.id}`)).conditionDetail?.limit.value;
}

describe('the rules of a city', () => {
  it('an administrator changes a limit, checks it, tries it on history and publishes it', async () => {
    const { page } = await demo.sit('admin');
    await beginDraft(page, demo.server.url, '缩短时限');
    await page.getByRole('link', { name: '立案条件与时限' }).click();
    const grid = page.getByRole('grid', { name: '表格内容' });
    await page.getByLabel('在表中查找').fill('E0103-01');
    await grid.getByRole('row', { name: /E0103-01/ }).waitFor();
    await eventually(() => grid.getByRole('row').count()).toBe(2);
    await grid.getByRole('gridcell').nth(2).click();
    const before = Number(await grid.getByRole('gridcell').nth(2).textContent());
    const after = before + 7;
    await page.keyboard.type(String(after));
    await page.keyboard.press('Enter');
    await page.getByText(`现行：${before}`).waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Control+s');
    await page.getByText('已保存', { exact: true }).waitFor();

    await view(page, '问题').click();
    await page
      .getByRole('status')
      .filter({ hasText: /^(没有问题|错误 0 项)/ })
      .waitFor();
    await expectAccessible(page);

    await view(page, '差异').click();
    const change = page.getByRole('region', { name: '立案条件与时限' }).getByRole('listitem');
    await change
      .filter({ hasText: 'E0103-01' })
      .filter({ hasText: `${before} → ${after}` })
      .waitFor();
    await expectAccessible(page);

    await view(page, '试算').click();
    const start = page.getByRole('button', { name: '开始试算' });
    await start.click();
    await page.getByRole('region', { name: '试算结果' }).waitFor();
    // It can be tried again, and the button has its colours back.
    await eventually(() => start.isEnabled()).toBe(true);
    await page.waitForTimeout(500);
    await expectAccessible(page);

    await page.getByRole('button', { name: '发布' }).click();
    const dialog = page.getByRole('dialog', { name: '发布“缩短时限”' });
    await dialog.getByText(/^已试算本版/).waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('理由').fill('市政府令第 12 号');
    await dialog.getByRole('button', { name: '发布' }).click();
    await page.getByText(/第 \d+ 版已生效/).waitFor();
    await page.getByRole('definition').filter({ hasText: '市政府令第 12 号' }).waitFor();
    await expectAccessible(page);

    expect(await limitOfNewCase('E0103-01')).toBe(after);

    // And back again, with a reason.
    await page.getByRole('link', { name: '发布记录' }).click();
    await page.getByRole('button', { name: '查看改动' }).first().click();
    await page.getByRole('region', { name: '比较' }).getByText('E0103-01').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: '回退到此版' }).last().click();
    const back = page.getByRole('dialog', { name: /^回退到第/ });
    await back.getByLabel('理由').fill('试行结束');
    await back.getByRole('button', { name: '回退到此版' }).click();
    await page.getByText(/已回退，现行第 \d+ 版/).waitFor();
    expect(await limitOfNewCase('E0103-01')).toBe(before);
  });

  it('every editor opens, keeps to the policy and is accessible', async () => {
    const { page } = await demo.sit('admin');
    await beginDraft(page, demo.server.url, '逐一打开');
    const draft = page.url();
    for (const [file, ready] of [
      ['process/case.bpmn', '元素'],
      ['decision/approval.dmn', '命中策略'],
      ['form/fail.schema.json', '表单名称（中文）'],
      ['calendar/department.json', '时区'],
      ['phrase/file.json', '常用语 1（中文）'],
      ['numbering/case.json', '格式'],
      ['setting.json', '自动受理'],
    ] as const) {
      await page.goto(`${draft}?file=${encodeURIComponent(file)}`);
      await page.getByLabel(ready).first().waitFor();
      await expectAccessible(page);
    }
    for (const tab of ['drafts', 'upgrade', 'running']) {
      await page.goto(`${demo.server.url}/console/rules?tab=${tab}`);
      await page.getByRole('heading', { level: 1, name: '规则' }).waitFor();
      await page.waitForLoadState('networkidle');
      await expectAccessible(page);
    }
  });

  it('fits a telephone', async () => {
    const { page } = await demo.sit('admin', {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });
    await beginDraft(page, demo.server.url, '手机上看');
    const draft = page.url();
    for (const path of [
      '',
      '?file=catalog%2Fcondition.csv',
      '?file=process%2Fcase.bpmn',
      '?view=problems',
      '?view=tryOut',
    ]) {
      await page.goto(draft + path);
      await page.getByRole('heading', { level: 1, name: '手机上看' }).waitFor();
      await page.waitForLoadState('networkidle');
      await expectNoSideways(page);
      await expectAccessible(page);
    }
  });

  it('is closed to who does not keep it', async () => {
    const { page } = await demo.sit('shift1');
    expect(await page.getByRole('navigation', { name: '功能' }).locator('[href$=rules]').count()).toBe(0);
    await page.goto(`${demo.server.url}/console/rules`);
    await page.getByRole('region', { name: '现行规则' }).waitFor();
    expect(await page.getByRole('button', { name: '新建草稿' }).count()).toBe(0);
  });
});
