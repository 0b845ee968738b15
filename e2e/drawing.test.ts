import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { beginDraft, demoCity, eventually, expectAccessible, expectNoSideways } from './browser.ts';

const demo = demoCity();

const APPLICATION = 'process/application.bpmn';

async function openDrawing(page: Page, draft: string): Promise<void> {
  await page.goto(`${draft}?file=${encodeURIComponent(APPLICATION)}`);
  await drawn(page, 'first').waitFor();
}

const drawn = (page: Page, id: string) => page.locator(`.djs-element[data-element-id="${id}"]`);
const panel = (page: Page) => page.getByRole('complementary', { name: '元素属性' });
const state = (page: Page, words: string) => page.getByRole('status').filter({ hasText: words }).waitFor();

/** The middle of what is drawn, as the mouse finds it. */
async function middle(page: Page, id: string): Promise<{ x: number; y: number }> {
  const box = (await drawn(page, id).locator('.djs-visual').first().boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function connect(page: Page, from: string, to: string, action: string): Promise<void> {
  await page.getByRole('combobox', { name: /^元素/ }).selectOption(from);
  await page.locator('.djs-context-pad [data-action=connect]').click();
  const target = await middle(page, to);
  await page.mouse.move(target.x - 3, target.y);
  await page.mouse.move(target.x, target.y);
  await page.mouse.click(target.x, target.y);
  await panel(page).getByText(/^连线/).waitFor();
  await panel(page).getByLabel('操作').selectOption({ label: '自定代码…' });
  await panel(page).getByLabel('操作').fill(action);
  await panel(page).getByLabel('操作').press('Enter');
  await panel(page).getByLabel('表单').selectOption('approve');
}

describe('drawing a process', () => {
  it('a step is put on the board, named, connected, saved and checked; steps back take it away again', async () => {
    const { page } = await demo.sit('admin');
    const draft = await beginDraft(page, demo.server.url, '加一个环节');
    await openDrawing(page, draft);
    await expectAccessible(page);

    const first = await middle(page, 'first');
    const second = await middle(page, 'second');
    await page.locator('.djs-palette [data-action="create.task"]').click();
    await page.mouse.move(first.x, second.y - 2);
    await page.mouse.click(first.x, second.y);
    await page.locator('.djs-direct-editing-content').waitFor();
    await page.keyboard.type('复核 / Review');
    // What is still being typed is saved with the rest.
    await page.keyboard.press('Control+s');
    await panel(page).getByRole('heading', { name: '复核 / Review' }).waitFor();
    const id = (await panel(page).locator('code').textContent())!;
    await state(page, '已保存');
    // Nothing leads to it: the check says so at the step.
    await page.locator('.wanmi-problem').first().waitFor();
    await drawn(page, id).and(page.locator('.wanmi-wrong')).waitFor();
    await expectAccessible(page);

    await panel(page).getByLabel('环节').selectOption({ label: '自定代码…' });
    await panel(page).getByLabel('环节').fill('x-review');
    await panel(page).getByLabel('环节').press('Enter');
    await panel(page).getByLabel('时限').selectOption('approve');
    await panel(page).getByLabel('岗位').selectOption('inspector');
    await connect(page, 'first', id, 'x-look');
    await connect(page, id, 'enough', 'x-agree');
    await page.keyboard.press('Control+s');
    await state(page, '已保存');
    await eventually(() => page.locator('.wanmi-wrong').count()).toBe(0);
    await page.getByRole('navigation', { name: '草稿内容' }).getByRole('link', { name: /^问题/ }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /^(没有问题|错误 0 项)/ })
      .waitFor();

    // The file says what was drawn, and all else is as it was written.
    const { text, problems } = await page.evaluate(
      async ({ id, path }) => {
        const api = `/api/v1/rules/drafts/${id}`;
        const ask = async (url: string): Promise<unknown> => (await fetch(url)).json();
        const file = (await ask(`${api}/file?path=${encodeURIComponent(path)}`)) as { text: string };
        const draft = (await ask(api)) as { problems: { severity: string }[] };
        return { text: file.text, problems: draft.problems };
      },
      { id: draft.split('/').at(-1)!, path: APPLICATION },
    );
    expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
    expect(text).toMatch(
      new RegExp(`<bpmn:userTask id="${id}" name="复核 / Review"[^>]* wm:step="x-review"[^>]*>`),
    );
    expect(text).toContain('action = "x-look"');

    // Back to the drawing: deleting and stepping back are steps of the file.
    await openDrawing(page, draft);
    await page.getByRole('combobox', { name: /^元素/ }).selectOption(id);
    await page.locator('.djs-context-pad [data-action=delete]').click();
    await drawn(page, id).waitFor({ state: 'detached' });
    await state(page, '有未保存的修改');
    await page.keyboard.press('Control+z');
    await drawn(page, id).waitFor();
    await state(page, '已保存');
    await page.getByRole('button', { name: '重做' }).click();
    await drawn(page, id).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '撤销' }).click();
    await drawn(page, id).waitFor();

    // The text is at hand, and what is changed in it is on the board.
    await page.getByRole('button', { name: '查看原文' }).click();
    const raw = page.getByLabel('原文');
    await raw.fill((await raw.inputValue()).replace('name="复核 / Review"', 'name="再审"'));
    await page.getByRole('button', { name: '回到界面' }).click();
    await drawn(page, id).locator('text', { hasText: '再审' }).waitFor();
  });

  it('what the tool says is in the reader’s language, and its mark stays', async () => {
    const { page } = await demo.sit('admin');
    await openDrawing(page, await beginDraft(page, demo.server.url, '看画布'));
    await drawn(page, 'first').click();
    await page.locator('.djs-context-pad [data-action=replace]').click();
    await page.locator('.djs-popup').waitFor();
    const words = await page
      .locator('.djs-container')
      .evaluate((board) => [
        ...[
          ...board.querySelectorAll(
            '.djs-palette .entry [aria-label], .djs-palette .entry[aria-label], .djs-context-pad [title]',
          ),
        ].map((one) => one.getAttribute('title') ?? one.getAttribute('aria-label')),
        ...[...board.querySelectorAll('.djs-popup .entry, .djs-popup h3')].map(
          (one) => one.textContent || one.getAttribute('title'),
        ),
      ]);
    expect(words.length).toBeGreaterThan(15);
    expect(words.filter((one) => one === null || !/[\u4e00-\u9fff]/.test(one))).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('.bjs-powered-by').waitFor();
  });

  it('a telephone and who may not change rules see the picture', async () => {
    const { page } = await demo.sit('admin', {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });
    const draft = await beginDraft(page, demo.server.url, '手机上看图');
    await page.goto(`${draft}?file=${encodeURIComponent(APPLICATION)}`);
    await page.getByText('增删、移动和连线请在更宽的屏幕上进行', { exact: false }).waitFor();
    expect(await page.locator('.djs-palette').count()).toBe(0);
    await expectNoSideways(page);
    await expectAccessible(page);

    const reader = await demo.sit('shift1');
    await reader.page.goto(`${draft}?file=${encodeURIComponent(APPLICATION)}`);
    await reader.page.getByRole('combobox', { name: /^元素/ }).selectOption('first');
    expect(await panel(reader.page).getByLabel('环节').isDisabled()).toBe(true);
    expect(await reader.page.locator('.djs-palette').count()).toBe(0);
  });
});
