import type { CaseDetail, Task } from '@wanmi/contracts';
import { Client } from '@wanmi/simulator';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, portray, takeSeat } from './browser.ts';
import type { Seat } from './browser.ts';
import { startDemoServer, type DemoServer } from './server.ts';

/**
 * Markup and scripts in every text that somebody may type, on every screen that shows it. Were one taken for markup,
 * the page would have an element that is marked, whether or not the policy then keeps its script from running.
 */
const MARK = 'data-planted';
const planted = (name: string): string => `<img src=x onerror=ran() ${MARK}>"'{{7*7}}${name}`;
/** Where a link or an address could be made of it. */
const LINK = 'javascript:ran()//';

let server: DemoServer;
let browser: Browser;
const clients = new Map<string, Client>();
let caseId: string;
let draftId: string;
let batchId: string;
const place = { lon: 120.0901, lat: 30.2001 };

async function as(username: string): Promise<Client> {
  let client = clients.get(username);
  if (!client) {
    client = new Client({ baseUrl: server.url });
    await client.login(username, server.password);
    clients.set(username, client);
  }
  return client;
}

beforeAll(async () => {
  server = await startDemoServer({ past: 1 });
  browser = await openBrowser();
  await plantOrganisation();
  await plantRules();
  await plantCases();
  await plantTable();
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function plantOrganisation(): Promise<void> {
  const admin = await as('admin');
  const both = (name: string) => ({ 'zh-CN': planted(name), en: planted(name) });
  const unit = await admin.post<{ id: string }>('/units', {
    kind: 'department',
    code: `<b/${MARK}>`,
    name: both('unit'),
  });
  await admin.post('/people', {
    username: 'planted',
    name: planted('person').slice(0, 60),
    password: 'a long password for it',
    posts: [{ unitId: unit.id, role: 'department', name: both('post'), scope: 'unit' }],
  });
  await admin.post('/duty/shifts', {
    code: 'planted',
    name: both('shift'),
    weekly: { '1': [['08:00', '12:00']] },
    validFrom: '2020-01-06',
  });
  await admin.post('/controls', {
    code: `<b ${MARK}>`,
    kind: 'noCollectHours',
    name: both('control'),
    hours: { from: '01:00', to: '02:00' },
  });
}

/** A file of the draft with something put into its texts. */
async function poison(path: string, change: (text: string) => string): Promise<void> {
  const url = `${server.url}/api/v1/rules/drafts/${draftId}/file?path=${encodeURIComponent(path)}`;
  const admin = await as('admin');
  const { text } = await admin.get<{ text: string }>(`/rules/drafts/${draftId}/file`, { path });
  const changed = change(text);
  expect(changed, path).not.toBe(text);
  const { version } = await admin.get<{ version: number }>(`/rules/drafts/${draftId}`);
  const reply = await fetch(url, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${(await admin.login('admin', server.password)).token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ text: changed, version }),
  });
  expect(reply.status, await reply.text()).toBe(200);
}

async function plantRules(): Promise<void> {
  const admin = await as('admin');
  const draft = await admin.post<{ id: string }>('/rules/drafts', { name: planted('draft') });
  draftId = draft.id;
  const cell = `"${planted('condition').replaceAll('"', '""')}"`;
  await poison('catalog/condition.csv', (text) =>
    text.replaceAll(/^(E01\d\d-01,[^,]*,event,\d+,)[^,]*/gm, `$1${cell}`),
  );
  await poison('catalog/category.csv', (text) => text.replaceAll(/私搭乱建|暴露垃圾/g, `<b ${MARK}>`));
  await poison('catalog/source.csv', (text) => text.replace(/12345[^,]*热线/, `<b ${MARK}>12345`));
  await poison('phrase/file.json', (text) => text.replace('符合立案条件，予以立案。', `<b ${MARK}>`));
  await poison('form/file.schema.json', (text) => text.replace(/"zh-CN": "[^"]*"/, `"zh-CN": "<b ${MARK}>"`));
  await poison('process/case.bpmn', (text) => text.replace('name="受理"', `name="&lt;b ${MARK}&gt;"`));
  const { problems } = await admin.post<{ problems: { severity: string }[] }>(
    `/rules/drafts/${draftId}/check`,
    {},
  );
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const { version } = await admin.get<{ version: number }>(`/rules/drafts/${draftId}`);
  await admin.post(`/rules/drafts/${draftId}/publish`, { reason: planted('reason'), version });
  // One that stays a draft, with mistakes whose details quote what is wrong.
  const open = await admin.post<{ id: string }>('/rules/drafts', { name: planted('open draft') });
  draftId = open.id;
  await poison('catalog/manual.csv', (text) => `${text}<b ${MARK}>,<i ${MARK}>,x,${LINK},,,,<b ${MARK}>\n`);
  await poison('form/fail.schema.json', (text) => text.replace('"type": "object"', `"type": "<b ${MARK}>"`));
  await poison('calendar/centre.json', (text) =>
    text.replace(/"timeZone": "[^"]*"/, `"timeZone": "<b ${MARK}>"`),
  );
  await admin.post(`/rules/drafts/${draftId}/check`, {});
}

async function plantCases(): Promise<void> {
  const operator = await as('operator1');
  const reply = await operator.post<{ case: { id: string } }>('/reports', {
    source: 'hotline12345',
    categoryCode: 'event:0110',
    description: `${planted('description')} ${LINK} https://evil.example/?${MARK}`,
    address: planted('address'),
    externalRef: planted('ref').slice(0, 80),
    reporter: { name: planted('caller').slice(0, 60), phone: '13912345678' },
    position: place,
    decision: 'accept',
  });
  caseId = reply.case.id;
  const leader = await as('shift1');
  await act(leader, 'file', { note: planted('file') });
  const dispatcher = await as('dispatcher1');
  const { tasks } = await dispatcher.get<CaseDetail>(`/cases/${caseId}`);
  const open = tasks.find((one) => one.step === 'dispatch');
  if (open) {
    await dispatcher
      .post(`/cases/${caseId}/actions/instruct`, { data: { note: planted('instruct') } })
      .catch(() => undefined);
    await dispatcher
      .post(`/cases/${caseId}/actions/supervise`, { data: { note: planted('supervise') } })
      .catch(() => undefined);
  }
  // And one that waits, for the desk.
  await operator.post('/reports', {
    source: 'hotline12345',
    categoryCode: 'event:0110',
    description: planted('waiting'),
    address: planted('waiting address'),
    position: { lon: place.lon + 0.003, lat: place.lat },
    decision: 'accept',
  });
}

/** A table whose name, header and rejected cells are somebody else's. */
async function plantTable(): Promise<void> {
  const admin = await as('admin');
  const { token } = await admin.login('admin', server.password);
  const cell = `"${planted('cell').replaceAll('"', '""')}"`;
  const form = new FormData();
  const rows = [`机构编码,机构名称,类型,"<b ${MARK}>"`, `${cell},${cell},${cell},${cell}`];
  form.append('file', new Blob([rows.join('\n')], { type: 'text/csv' }), `<img src=x ${MARK}>.csv`);
  const reply = await fetch(`${server.url}/api/v1/transfer/imports?kind=units`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  const batch = (await reply.json()) as { id: string; state: string };
  expect(reply.status, JSON.stringify(batch)).toBe(202);
  batchId = batch.id;
  for (let n = 0; n < 100 && batch.state === 'running'; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    Object.assign(batch, await admin.get<{ state: string }>(`/transfer/imports/${batchId}`));
  }
  expect(batch.state, JSON.stringify(batch)).toBe('done');
}

async function act(client: Client, action: string, data: Record<string, unknown>): Promise<void> {
  const { tasks } = await client.get<CaseDetail>(`/cases/${caseId}`);
  const task = tasks.find((one) => one.step === action)!;
  const { version, actions } = await client.get<Task>(`/tasks/${task.id}`);
  const { required = [] } = (actions.find((one) => one.action === action)?.form ?? {}) as {
    required?: string[];
  };
  const { items } = await client.get<{ items: { id: string }[] }>('/conditions', {
    categoryId: (await client.get<CaseDetail>(`/cases/${caseId}`)).category!.id,
  });
  const needed = required.includes('conditionId') ? { conditionId: items[0]!.id } : {};
  await client.act(task.id, action, { version, data: { ...needed, ...data } });
}

let seat: Seat | undefined;
const notes: string[] = [];
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    process.stderr.write(`what was seen: ${await portray([seat])}\nthe server said: ${server.output()}\n`);
  // Refusals are answers here; what ran, or tried to, is not.
  const faults = (seat?.faults ?? []).filter(
    (fault) => !/^(4\d\d|console: .*(4\d\d|Failed to load))/.test(fault),
  );
  await seat?.context.close();
  seat = undefined;
  expect(faults).toEqual([]);
});

async function sit(username: string): Promise<Page> {
  seat = await takeSeat(browser, server, username, { viewport: { width: 1440, height: 900 } });
  const { page, context } = seat;
  await context.exposeFunction('ran', () => void notes.push(`ran at ${page.url()}`));
  page.on('dialog', (dialog) => {
    notes.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('page', (other) => notes.push(`window ${other.url()}`));
  return page;
}

/**
 * What was planted stands there as text, if it stands there, and did nothing. The mark of the drawing tool leads to its
 * makers, as its licence asks.
 */
async function harmless(page: Page, where: string): Promise<number> {
  await page.waitForTimeout(700);
  const { marked, links, shown } = (await page.evaluate(`({
    marked: [...document.querySelectorAll('[${MARK}]')].map((one) => one.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll('a[href], form[action], iframe, object, embed, base')]
      .filter((one) => !one.matches('.bjs-powered-by[href="http://bpmn.io"]'))
      .map((one) => one.getAttribute('href') ?? one.getAttribute('action') ?? one.outerHTML)
      .filter((href) => !/^(\\/|#|\\?|https?:\\/\\/(127\\.0\\.0\\.1|localhost)[:/])/.test(href)),
    shown: document.body.innerText.split('${MARK}').length - 1
      + [...document.querySelectorAll('input, textarea')].filter((one) => one.value.includes('${MARK}')).length,
  })`)) as { marked: string[]; links: string[]; shown: number };
  expect({ where, marked, links, notes }).toEqual({ where, marked: [], links: [], notes: [] });
  expect(new URL(page.url()).origin, where).toBe(server.url);
  return shown;
}

async function visit(page: Page, path: string): Promise<number> {
  await page.goto(`${server.url}/console/${path}`);
  await page.locator('#room').waitFor();
  await page.waitForLoadState('networkidle').catch(() => undefined);
  return harmless(page, path);
}

describe('what was typed is text', () => {
  it('for who registers, files and dispatches', async () => {
    const page = await sit('operator1');
    expect(await visit(page, `cases/${caseId}`)).toBeGreaterThan(2);
    expect(await visit(page, 'cases')).toBeGreaterThan(0);
    expect(await page.content()).toContain('&lt;img src=x onerror=ran()');
    await visit(page, 'desk');
    await visit(page, 'report');
    await page.getByLabel('问题描述').fill(planted('typed'));
    await page
      .getByLabel('地址')
      .first()
      .fill(planted('typed'))
      .catch(() => undefined);
    await harmless(page, 'report, typed');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('<b data-planted>');
    await harmless(page, 'palette');
  });

  it('for who works the list, with the forms and phrases of the city', async () => {
    const page = await sit('shift1');
    await visit(page, 'desk');
    const rows = page.getByRole('list', { name: '任务列表' }).getByRole('listitem');
    const row = rows.filter({ hasText: MARK }).first();
    await row.getByRole('button').first().click();
    expect(await harmless(page, 'desk, a task')).toBeGreaterThan(0);
    await page.keyboard.press('1');
    await harmless(page, 'desk, a form');
    await page
      .getByRole('button', { name: /条未读$|^消息/ })
      .first()
      .click()
      .catch(() => undefined);
    await harmless(page, 'notices');
    await visit(page, `cases/${caseId}`);
    await visit(page, 'statistics');
  });

  it('for who keeps people, duty and the audit', async () => {
    const page = await sit('admin');
    expect(await visit(page, 'people')).toBeGreaterThan(0);
    await page.getByLabel('姓名或用户名开头').fill('<img');
    await harmless(page, 'people, searched');
    for (const tab of ['now', 'roster', 'absences', 'handovers']) await visit(page, `duty?tab=${tab}`);
    await visit(page, 'audit');
    await page.getByLabel('操作', { exact: true }).fill(`<b ${MARK}>`);
    await page.keyboard.press('Enter');
    await harmless(page, 'audit, searched');
  });

  it('for who brings tables in', async () => {
    const page = await sit('admin');
    expect(await visit(page, 'transfer?tab=history')).toBeGreaterThan(0);
    expect(await visit(page, `transfer?batch=${batchId}`)).toBeGreaterThan(1);
    await visit(page, 'transfer?tab=export');
    await visit(page, 'backups');
  });

  it('for who keeps the rules', async () => {
    const page = await sit('admin');
    let shown = 0;
    for (const tab of ['drafts', 'history', 'upgrade', 'running'])
      shown += await visit(page, `rules?tab=${tab}`);
    expect(shown).toBeGreaterThan(1);
    expect(await visit(page, `rules/drafts/${draftId}?view=problems`)).toBeGreaterThan(2);
    expect(await visit(page, `rules/drafts/${draftId}?view=difference`)).toBeGreaterThan(2);
    await visit(page, `rules/drafts/${draftId}?view=tryOut`);
    for (const file of [
      'catalog/condition.csv',
      'catalog/manual.csv',
      'catalog/source.csv',
      'process/case.bpmn',
      'form/file.schema.json',
      'form/fail.schema.json',
      'phrase/file.json',
      'calendar/centre.json',
    ]) {
      expect(
        await visit(page, `rules/drafts/${draftId}?file=${encodeURIComponent(file)}`),
        file,
      ).toBeGreaterThan(0);
    }
  });
});

describe('an address', () => {
  const texts = [
    `<img src=x onerror=ran() ${MARK}>`,
    LINK,
    '//evil.example/',
    'https://evil.example/',
    '{"__proto__":{"a":1}}%0d%0a',
  ];

  it('puts nothing on a screen that runs, and leads nowhere else', { timeout: 500_000 }, async () => {
    const page = await sit('admin');
    for (const text of texts) {
      const part = encodeURIComponent(text);
      for (const path of [
        `cases?q=${part}&step=${part}&stage=${part}&source=${part}`,
        `desk?step=${part}&task=${part}&lamp=${part}`,
        `audit?action=${part}&personId=${part}&from=${part}`,
        `statistics?from=${part}&regionId=${part}`,
        `rules?tab=${part}&from=${part}&to=${part}`,
        `rules/drafts/${draftId}?view=${part}&file=${part}&at=${part}`,
        `cases/${part}`,
        `${part}?next=${part}&redirect=${part}&returnTo=${part}#${part}`,
      ]) {
        await page.goto(`${server.url}/console/${path}`);
        await page.waitForLoadState('load');
        await page.waitForTimeout(150);
        await harmlessSoon(page, path);
      }
    }
  });

  it('before the door leads into this house after it', async () => {
    for (const text of texts.slice(1, 4)) {
      seat = await takeSeat(browser, server, 'operator1', { signIn: false });
      const { page } = seat;
      await page.goto(
        `${server.url}/console/?next=${encodeURIComponent(text)}&redirect=${encodeURIComponent(text)}#${text}`,
      );
      await page.getByRole('region', { name: '演示账号' }).getByText('operator1', { exact: true }).click();
      await page.getByLabel('密码', { exact: true }).fill(server.password);
      await page.getByRole('button', { name: '登录' }).click();
      await page.getByRole('navigation', { name: '功能' }).waitFor();
      expect(new URL(page.url()).origin).toBe(server.url);
      await seat.context.close();
    }
    seat = undefined;
  });

  /** As `harmless`, for many: without the wait for what comes late. */
  async function harmlessSoon(page: Page, where: string): Promise<void> {
    const marked = await page.locator(`[${MARK}]`).count();
    // Where a link leads is what counts: a filter of the address may stand in the query of a link of our own.
    const away = await page
      .locator('a[href]')
      .evaluateAll(
        (links, own) =>
          links.filter((link) => new URL((link as unknown as { href: string }).href).origin !== own).length,
        server.url,
      );
    expect({ where, marked, away, notes }).toEqual({ where, marked: 0, away: 0, notes: [] });
    expect(new URL(page.url()).origin, where).toBe(server.url);
  }
});
