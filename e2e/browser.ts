import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startDemoServer, type DemoOptions, type DemoServer } from './server.ts';

const PATIENCE_MS = 30_000;

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['WANMI_CHROMIUM'] ?? '/usr/bin/chromium',
    // The map needs WebGL, which a machine without a graphics card draws in software.
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
    ],
  });
}

/** One person at one browser of his own. */
export interface Seat {
  readonly username: string;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong in this browser up to now: errors in the console, other hosts, broken policy. */
  readonly faults: readonly string[];
  /** A fault that the test itself provokes. */
  allow(fault: RegExp): void;
}

/** How the browser is made, and whether the person goes in or stays before the door. */
export type SeatOptions = BrowserContextOptions & { signIn?: boolean };

/** Opens a browser of one's own and signs in through the door, or stops in front of it. */
export async function takeSeat(
  browser: Browser,
  server: DemoServer,
  username: string,
  options: SeatOptions = {},
): Promise<Seat> {
  const { signIn = true, ...contextOptions } = options;
  const context = await browser.newContext({
    locale: 'zh-CN',
    viewport: { width: 1440, height: 900 },
    ...contextOptions,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  // Asked once before anybody has signed in: that nobody has is the answer.
  const allowed: RegExp[] = [/401 .*\/api\/v1\/me$/];
  const all: string[] = [];
  await watch(context, server.url, all);
  const page = await context.newPage();
  const seat: Seat = {
    username,
    context,
    page,
    get faults() {
      return all.filter((fault) => !allowed.some((pattern) => pattern.test(fault)));
    },
    allow: (fault) => void allowed.push(fault),
  };
  await page.goto(`${server.url}/console/`);
  if (signIn) await enter(seat, server.password);
  return seat;
}

/** A city and a browser that the tests of a file share. */
export interface Demo {
  readonly server: DemoServer;
  /** Takes a seat for the test that runs: at its end everybody gets up, and no browser may have a fault. */
  sit(username: string, options?: SeatOptions): Promise<Seat>;
}

/** Opens both for the file that calls it. `usual`: how its people sit where a test says nothing else. */
export function demoCity(city: DemoOptions = {}, usual: SeatOptions = {}): Demo {
  let server: DemoServer | undefined;
  let browser: Browser | undefined;
  let seats: Seat[] = [];
  beforeAll(async () => {
    server = await startDemoServer(city);
    browser = await openBrowser();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`what was seen: ${await portray(seats)}\n`);
    const faults = seats.flatMap((seat) => seat.faults.map((fault) => `${seat.username}: ${fault}`));
    await Promise.all(seats.map((seat) => seat.context.close()));
    seats = [];
    expect(faults).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  return {
    get server() {
      return server!;
    },
    async sit(username, options) {
      const seat = await takeSeat(browser!, server!, username, { ...usual, ...options });
      seats.push(seat);
      return seat;
    },
  };
}

/** As a visitor of the demo does: pick the account, type the password. */
export async function enter({ page, username }: Seat, password: string): Promise<void> {
  await page.getByRole('region', { name: '演示账号' }).getByText(username, { exact: true }).click();
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.getByRole('button', { name: '登录' }).click();
  await page.getByRole('navigation', { name: '功能' }).waitFor();
}

async function watch(context: BrowserContext, url: string, faults: string[]): Promise<void> {
  const { host } = new URL(url);
  await context.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) =>
       console.error('policy', event.violatedDirective, event.blockedURI, event.sourceFile));`,
  );
  context.on('request', (request) => {
    const { protocol, host: other } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && other !== host) faults.push(`other host: ${request.url()}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 400)
      faults.push(`${response.status()} ${response.request().method()} ${response.url()}`);
  });
  context.on('weberror', (error) => void faults.push(`thrown: ${error.error().stack}`));
  context.on('console', (message) => {
    // The browser's own line for a refused request says less than the response, which is noted above.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
    faults.push(`console: ${message.text()} (${message.location().url})`);
  });
}

/** Asks again until the answer is right. */
export const eventually = <T>(ask: () => Promise<T>) =>
  expect.poll(ask, { timeout: PATIENCE_MS, interval: 200 });

/** What each person saw when a test failed; answers where the pictures lie. */
export async function portray(seats: readonly (Seat | undefined)[]): Promise<string> {
  const folder = path.join(tmpdir(), 'wanmi-e2e-pictures');
  await mkdir(folder, { recursive: true });
  for (const seat of seats) {
    await seat?.page.screenshot({ path: path.join(folder, `${seat.username}.png`) }).catch(() => undefined);
  }
  return folder;
}

/** No violation that axe calls serious or critical; each is named with the element that has it. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`));
  expect(grave, `at ${page.url()}`).toEqual([]);
}

/** Nothing is wider than the screen: who has to push a page sideways does not see what he decides about. */
export async function expectNoSideways(page: Page): Promise<void> {
  const width = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  expect(width, `at ${page.url()}`).toBe(0);
}

/** Opens a list of the kit and picks the line with these words. */
export async function pick(page: Page, label: string, words: string): Promise<void> {
  const box = page.getByRole('combobox', { name: label, exact: true });
  await box.click();
  // Lists that can be searched are searched; the others show all they have.
  if (await box.isEditable()) await box.fill(words);
  await page.locator('.ant-select-item-option').filter({ hasText: words }).first().click();
}

export const dock = (page: Page): Locator => page.getByRole('region', { name: '操作', exact: true });

/** Opens the form of an action at the open case and answers where it stands. */
export async function openAction(page: Page, action: string): Promise<Locator> {
  await dock(page).getByRole('button', { name: action, exact: true }).click();
  const sheet = dock(page).getByRole('group', { name: action, exact: true });
  await sheet.waitFor();
  return sheet;
}

export async function submit(sheet: Locator, action: string): Promise<void> {
  await sheet.getByRole('button', { name: action, exact: true }).click();
}

/** A row of the list of tasks. */
export const row = (page: Page, caseNo: string): Locator =>
  page.getByRole('list', { name: '任务列表' }).getByRole('listitem').filter({ hasText: caseNo });

/** Waits until a task is offered by itself, takes the list in, and opens it: nothing is reloaded. */
export async function openTask(page: Page, caseNo: string): Promise<void> {
  const wanted = row(page, caseNo);
  const offer = page.getByRole('button', { name: /刷新列表$/ });
  await wanted.or(offer).first().waitFor();
  if (!(await wanted.isVisible())) await offer.click();
  await wanted.getByRole('button').click();
  await page.getByRole('region', { name: '案卷', exact: true }).getByText(caseNo, { exact: true }).waitFor();
}

/** Begins a draft of the city's rules; answers its address. */
export async function beginDraft(page: Page, url: string, name: string): Promise<string> {
  await page.goto(`${url}/console/rules`);
  await page.getByRole('button', { name: '新建草稿' }).click();
  const dialog = page.getByRole('dialog', { name: '新建草稿' });
  await dialog.getByLabel('草稿名称').fill(name);
  await dialog.getByRole('button', { name: '新建草稿' }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  return page.url();
}
