import { Client, drawPhoto } from '@wanmi/simulator';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  demoCity,
  dock,
  enter,
  eventually,
  expectAccessible,
  expectNoSideways,
  openAction,
  openTask,
  row,
} from './browser.ts';
import { collectorOf } from './city.ts';

/** A screen on which the map is folded: it has its own test, and drawing it without a graphics card takes long. */
const NOTEBOOK = { width: 1180, height: 800 };
const demo = demoCity({}, { viewport: NOTEBOOK });
let operator: Client;
beforeAll(async () => {
  operator = new Client({ baseUrl: demo.server.url });
  await operator.login('operator1', demo.server.password);
});

/** A case that waits to be filed; they lie 100 metres apart, so that none is taken for another. */
let told = 0;
const nextPlace = () => ({ lon: 120.0901 + told * 0.001, lat: 30.2001 });
async function fileable(
  decision = 'accept',
  position = nextPlace(),
): Promise<{ id: string; caseNo: string; position: { lon: number; lat: number }; beat: string }> {
  told += 1;
  const report = {
    source: 'hotline12345',
    categoryCode: 'event:0110',
    description: `第${told}处路面有垃圾`,
    address: `团结路${told}号`,
    position,
    decision,
  };
  const reply = await operator.post<{ case: { id: string; caseNo: string } }>('/reports', report);
  const place = await operator.get<{ patrolGrid: { name: { 'zh-CN': string } } }>('/grids/at', position);
  return { ...reply.case, position, beat: place.patrolGrid.name['zh-CN'] };
}

describe('the door', () => {
  it('says what is wrong, and lets in', async () => {
    const seat = await demo.sit('shift1', { signIn: false });
    await seat.page.getByRole('region', { name: '演示账号' }).waitFor();
    await expectAccessible(seat.page);
    seat.allow(/401 POST .*\/auth\/login$/);
    await seat.page.getByLabel('用户名').fill('shift1');
    await seat.page.getByLabel('密码', { exact: true }).fill('wrong');
    await seat.page.keyboard.press('Enter');
    await seat.page.getByRole('alert').getByText('用户名或密码不正确。').waitFor();
    await enter(seat, demo.server.password);
  });

  it('speaks English to who asks for it', async () => {
    const { page } = await demo.sit('shift1', { signIn: false });
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByLabel('User name').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('opens again where a session ended, and what was typed is still there', async () => {
    const seat = await demo.sit('operator2');
    const { page } = seat;
    await page.getByRole('link', { name: '登记' }).click();
    await page.getByLabel('问题描述').fill('路灯不亮，一整条街都黑着');
    await page.getByRole('radio', { name: /^暂不决定/ }).check();
    await seat.context.clearCookies();
    seat.allow(/401 /);
    await page.getByRole('button', { name: /^登记/ }).click();
    const dialog = page.getByRole('dialog', { name: '登录已失效' });
    await dialog.getByLabel(/的密码$/).fill(demo.server.password);
    await dialog.getByRole('button', { name: '登录' }).click();
    await dialog.waitFor({ state: 'detached' });
    // What was under way went on by itself.
    await page.getByRole('status').filter({ hasText: '已登记' }).waitFor();
  });
});

describe('two people at one task', () => {
  it('tells the second one at once, while he writes', async () => {
    const { caseNo } = await fileable();
    const [first, second] = [await demo.sit('shift1'), await demo.sit('shift2')];
    await openTask(first.page, caseNo);
    await openTask(second.page, caseNo);
    const late = await openAction(second.page, '立案');
    await late.getByLabel(/说明/).fill('请加急');
    await (await openAction(first.page, '立案')).getByRole('button', { name: '立案', exact: true }).click();

    await late.getByText('该任务已由他人办结。').waitFor();
    await late.getByText(/ 值班长 办理了“立案”。$/).waitFor();
    expect(await late.getByRole('button', { name: '立案', exact: true }).isDisabled()).toBe(true);
    expect(await late.getByLabel(/说明/).inputValue()).toBe('请加急');
  });

  it('explains the lost race to one whose screen stood still', async () => {
    const { caseNo } = await fileable();
    const [first, second] = [await demo.sit('shift1'), await demo.sit('shift2')];
    await second.context.route('**/api/v1/stream', (route) => route.abort());
    await second.page.reload();
    await openTask(first.page, caseNo);
    await openTask(second.page, caseNo);
    const late = await openAction(second.page, '立案');
    await late.getByLabel(/说明/).fill('请加急');
    await (await openAction(first.page, '立案')).getByRole('button', { name: '立案', exact: true }).click();
    await first.page.getByText(`${caseNo} 立案完成`).waitFor();

    second.allow(/409 POST .*\/actions\/file$/);
    await late.getByRole('button', { name: '立案', exact: true }).click();
    await late.getByRole('alert').getByText('task.done').waitFor();
    await late.getByText(/ 值班长 办理了“立案”。$/).waitFor();
    expect(await late.getByLabel(/说明/).inputValue()).toBe('请加急');
  });
});

describe('a form', () => {
  it('waits for the photo that is still on its way', async () => {
    const { beat, caseNo } = await fileable('sendVerify');
    const { page, context } = await demo.sit(await collectorOf(operator, beat));
    let letThrough = (): void => undefined;
    const through = new Promise<void>((resolve) => (letThrough = resolve));
    await context.route('**/api/v1/media', (route) => through.then(() => route.continue()));
    await openTask(page, caseNo);
    const sheet = await openAction(page, '属实');
    const { bytes } = drawPhoto({ seed: caseNo, subject: 'rubbish', state: 'before' });
    const file = { name: 'slow.png', mimeType: 'image/png', buffer: Buffer.from(bytes) };
    await sheet.getByLabel(/现场照片/).setInputFiles(file);
    await sheet.getByText('照片正在上传').waitFor();
    await page.keyboard.press('Control+Enter');
    expect(await sheet.getByRole('button', { name: '属实', exact: true }).isDisabled()).toBe(true);
    letThrough();
    await sheet.getByText('照片正在上传').waitFor({ state: 'detached' });
    await sheet.getByRole('button', { name: '属实', exact: true }).click();
    await page.getByText(`${caseNo} 属实完成`).waitFor();
    await page.goto(`${demo.server.url}/console/desk?box=done`);
    await row(page, caseNo).getByRole('button').click();
    await page.getByRole('button', { name: '查看核实照片' }).waitFor();
  });
});

describe('without the mouse', () => {
  it('an operator registers a report', async () => {
    const { page } = await demo.sit('operator1');
    await page.keyboard.press('n');
    await focusOn(page, 'report-phone');
    await page.keyboard.type('13900005678');
    await tabTo(page, 'report-description');
    await page.keyboard.type('井盖松动，车一过就响');
    await tabTo(page, 'report-category');
    await page.keyboard.type('上水井盖');
    // Seen and chosen: what Enter takes is marked a moment after the list is drawn.
    await page.locator('.ant-select-item-option-active').filter({ hasText: '上水井盖' }).waitFor();
    await page.keyboard.press('Enter');
    const picker = page.getByLabel('类别');
    await eventually(() => picker.getAttribute('aria-expanded')).toBe('false');
    await eventually(() => picker.inputValue()).toBe('');
    await page
      .locator('.ant-select')
      .filter({ has: picker })
      .getByText('上水井盖', { exact: true })
      .waitFor();
    await tabTo(page, 'report-address');
    await page.keyboard.type('长安街9号');
    await tabTo(page, 'report-point');
    await page.keyboard.type('120.0951, 30.2051');
    await page.keyboard.press('Tab');
    await page
      .getByText(/第\d+责任网格/)
      .filter({ visible: true })
      .waitFor();
    await page.getByRole('radio', { name: /^受理/, checked: true }).waitFor();
    await page.keyboard.press('Control+Enter');
    const slip = page.getByRole('status').filter({ hasText: '已登记，案卷号' });
    await slip.getByText('待立案').waitFor();
    // The next caller waits already.
    await focusOn(page, 'report-phone');
    expect(await page.getByLabel('来电号码').inputValue()).toBe('');
  });

  it('a shift leader works the list', async () => {
    for (let n = 0; n < 3; n += 1) await fileable();
    const { page } = await demo.sit('shift2');
    const rows = page.getByRole('list', { name: '任务列表' }).getByRole('listitem');
    await eventually(() => rows.count()).toBeGreaterThanOrEqual(3);
    const count = await rows.count();
    const current = () =>
      rows.filter({ has: page.locator('[aria-current=true]') }).getAttribute('aria-posinset');
    await eventually(current).toBe('1');
    await page.keyboard.press('j');
    await eventually(current).toBe('2');
    await page.keyboard.press('k');
    await eventually(current).toBe('1');
    const caseNo = /\d{8}-\d{5}/.exec((await rows.first().textContent()) ?? '')?.[0] ?? '';

    // Nobody presses a key for what is not on the screen yet.
    await dock(page).getByRole('button', { name: /^立案/ }).waitFor();
    await page.keyboard.press('1');
    await dock(page).getByRole('group', { name: '立案', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText(`${caseNo} 立案完成，转为待派遣`).waitFor();
    // The next one is open already.
    await eventually(() => rows.count()).toBe(count - 1);
    await eventually(current).toBe('1');
    await row(page, caseNo).waitFor({ state: 'detached' });

    await page.keyboard.press('Enter');
    await page.waitForURL(/\/console\/cases\/[\w-]+$/);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: '快捷键' }).waitFor();
    await page.keyboard.press('Escape');
    await page.goBack();
    await page.keyboard.press('/');
    await page.keyboard.type('没有这样的案卷');
    await page.getByText('没有符合条件的任务').waitFor();
    await page.getByRole('button', { name: '清除筛选' }).click();
    await rows.first().waitFor();
  });
});

describe('on a telephone', () => {
  const PHONE = {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  };

  it('a shift leader files a case with one thumb', async () => {
    const { caseNo } = await fileable();
    const { page } = await demo.sit('shift1', PHONE);
    await openNarrow(page, caseNo);
    await expectNoSideways(page);
    await expectAccessible(page);
    await expectReachable(page, '立案');
    const sheet = await openAction(page, '立案');
    await expectNoSideways(page);
    await expectReachable(page, '立案');
    await expectAccessible(page);
    await sheet.getByRole('button', { name: '立案', exact: true }).tap();
    await page.getByText(`${caseNo} 立案完成`).waitFor();
    // Back at the list, without that case.
    await page.getByRole('list', { name: '任务列表' }).or(page.getByText('没有待办任务')).first().waitFor();
    expect(await row(page, caseNo).count()).toBe(0);
  });

  it('every room fits', async () => {
    const { id } = await fileable();
    const { page } = await demo.sit('operator1', PHONE);
    for (const room of ['desk', 'report', 'cases', `cases/${id}`]) {
      await page.goto(`${demo.server.url}/console/${room}`);
      await page.getByRole('heading', { level: 1 }).or(page.getByText('没有待办任务')).first().waitFor();
      await expectNoSideways(page);
      await expectAccessible(page);
    }
  });

  async function openNarrow(page: Page, caseNo: string): Promise<void> {
    await row(page, caseNo).getByRole('button').tap();
    await page.getByRole('button', { name: '返回列表' }).waitFor();
  }

  async function expectReachable(page: Page, action: string): Promise<void> {
    const box = await dock(page).getByRole('button', { name: action, exact: true }).boundingBox();
    expect(
      box && box.y + box.height <= 844 && box.x >= 0 && box.x + box.width <= 390,
      JSON.stringify(box),
    ).toBe(true);
    expect(box!.height).toBeGreaterThanOrEqual(40);
  }
});

describe('the other rooms', () => {
  it('an administrator reads who works here and who did what', async () => {
    const { page } = await demo.sit('admin');
    await page.getByRole('row', { name: /collector1 / }).waitFor();
    await expectAccessible(page);
    await page.getByLabel('姓名或用户名开头').fill('shift');
    await eventually(() => page.getByRole('row').count()).toBe(3);
    await page.getByLabel('姓名或用户名开头').fill('nobody');
    await page.getByText('没有符合条件的人员').waitFor();

    await page.getByRole('link', { name: '审计' }).click();
    await page.getByRole('cell', { name: 'auth.login' }).first().waitFor();
    await expectAccessible(page);
    await page.getByLabel('操作', { exact: true }).fill('no.such');
    await page.keyboard.press('Enter');
    await page.getByText('没有符合条件的记录').waitFor();
  });

  it('a leader reads figures that open what they count', async () => {
    const { caseNo } = await fileable();
    const { page } = await demo.sit('leader1');
    await page.getByRole('link', { name: '统计' }).click();
    await page.getByRole('region', { name: '每日上报、立案、结案' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('definition').first().getByRole('link').click();
    await page.getByRole('table', { name: '案卷' }).getByText(caseNo).waitFor();
    await page.getByLabel('案卷号或词语').fill('没有这种词');
    await page.getByText('没有符合条件的案卷').waitFor();
  });

  it('a notice opens its case', async () => {
    const { beat, position } = await fileable();
    const { page } = await demo.sit(await collectorOf(operator, beat));
    await page.getByRole('link', { name: '案卷', exact: true }).click();
    const { id, caseNo } = await fileable('sendVerify', position);
    await page.getByRole('button', { name: /^消息，\d+ 条未读$/ }).click();
    await page.getByRole('button', { name: new RegExp(`新任务.*${caseNo}`) }).click();
    await page.waitForURL(`${demo.server.url}/console/cases/${id}`);
    await dock(page).getByRole('button', { name: '属实', exact: true }).waitFor();
  });

  it('a closed room says so, and an unknown one too', async () => {
    const seat = await demo.sit('collector1');
    const { page } = seat;
    seat.allow(/403 GET /);
    for (const room of ['people', 'audit', 'statistics']) {
      expect(await page.getByRole('navigation', { name: '功能' }).locator(`[href$=${room}]`).count()).toBe(0);
      await page.goto(`${demo.server.url}/console/${room}`);
      await page.getByText('您当前的岗位不能执行此操作。').first().waitFor();
      await page.getByText('如工作需要，请联系本单位管理员开通。').first().waitFor();
      await expectAccessible(page);
    }
    await page.goto(`${demo.server.url}/console/nowhere`);
    await page.getByText('没有这个页面').first().waitFor();
    await page.getByRole('link', { name: '回到首页' }).click();
    await page.getByText('没有待办任务').waitFor();

    // A case beyond one's reach is as one that does not exist.
    const { id } = await fileable();
    seat.allow(/404 GET .*\/cases\//);
    await page.goto(`${demo.server.url}/console/cases/${id}`);
    await page.getByText('没有找到，或不在您的数据范围内。').first().waitFor();
  });
});

async function focusOn(page: Page, id: string): Promise<void> {
  await eventually(() => page.evaluate('document.activeElement?.id')).toBe(id);
}

/** Tab, as often as somebody would put up with, and looking where it led before the next. */
async function tabTo(page: Page, id: string): Promise<void> {
  const where = () =>
    page.evaluate<string>(`(() => {
      const at = document.activeElement;
      return at?.id ? at.id + (at.getAttribute('aria-expanded') === 'true' ? ' (open)' : '') : at?.outerHTML;
    })()`);
  const passed = [await where()];
  for (let n = 0; n < 4; n += 1) {
    await page.keyboard.press('Tab');
    for (let look = 0; look < 20 && (await where()) === passed.at(-1); look += 1)
      await page.waitForTimeout(50);
    passed.push(await where());
    if (passed.at(-1) === id) return;
  }
  throw new Error(`four tabs do not lead to ${id}, but by way of ${passed.join(', ')}`);
}
