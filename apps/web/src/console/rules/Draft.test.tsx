import type { RuleDraft, RuleProblem } from '@wanmi/contracts';
import { configure, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { id, me } from '../../../test/world.ts';
import { addRoomWords } from '../../shared/i18n/index.ts';
import { rulesZhCN } from '../../shared/i18n/rules.zh-CN.ts';
import { Draft } from './Draft.tsx';
import { forgetDraft } from './work.ts';

closedNetwork();
// The first screen brings every editor with it.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 30_000 });
beforeAll(() => addRoomWords('rules', { zh: rulesZhCN, en: async () => ({}) }));
// What is virtual needs a height, which jsdom does not have.
beforeEach(() => {
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(1200);
});

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');
const shipped = (file: string) => readFileSync(path.join(CONFIG, file), 'utf8');
const CONDITIONS = [
  'code,name_zh,limit_value,limit_unit',
  'A0101-01,井盖缺失,2,urgentHour',
  'A0101-02,井盖破损,4,workingHour',
  'E0110-01,暴露垃圾,1,workingDay',
  '',
].join('\n');
const hashOf = (text: string) =>
  `${text.length}-${[...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7)}`;
const info = (file: string, text: string) => ({ path: file, bytes: text.length, hash: hashOf(text) });

/** A server that keeps one draft, and counts its versions as ours does. */
function fakeDraft(files: Record<string, string>, problems: RuleProblem[] = []) {
  const draftId = id();
  const state = {
    files: { ...files },
    before: { ...files },
    version: 1,
    checked: 0,
    puts: [] as string[],
    checks: 0,
  };
  const draft = (): RuleDraft => ({
    id: draftId,
    name: '缩短时限',
    base: null,
    author: null,
    version: state.version,
    createdAt: '2026-11-21T06:00:00.000Z',
    updatedAt: '2026-11-21T06:00:00.000Z',
    checkedVersion: state.checked || null,
    problems,
    files: Object.entries(state.files).map(([file, text]) => info(file, text)),
  });
  const fileAt =
    (of: Record<string, string>) =>
    ({ request }: { request: Request }) => {
      const file = new URL(request.url).searchParams.get('path')!;
      const text = of[file];
      return text === undefined
        ? HttpResponse.json({ status: 404, code: 'notFound' }, { status: 404 })
        : HttpResponse.json({ ...info(file, text), text });
    };
  server.use(
    http.get('*/api/v1/people', () => HttpResponse.json({ items: [], next: null })),
    http.get('*/api/v1/rules/files', () =>
      HttpResponse.json({
        publication: null,
        files: Object.entries(state.before).map(([file, text]) => info(file, text)),
      }),
    ),
    http.get('*/api/v1/rules/file', (call) => fileAt(state.before)(call)),
    http.get(`*/api/v1/rules/drafts/${draftId}`, () => HttpResponse.json(draft())),
    http.get(`*/api/v1/rules/drafts/${draftId}/diff`, () => HttpResponse.json({ files: [] })),
    http.get(`*/api/v1/rules/drafts/${draftId}/file`, (call) => fileAt(state.files)(call)),
    http.put(`*/api/v1/rules/drafts/${draftId}/file`, async ({ request }) => {
      const seen = request.headers.get('if-match');
      if (seen !== `"${state.version}"`) {
        return HttpResponse.json({ status: 409, code: 'conflict.version' }, { status: 409 });
      }
      const { text } = (await request.json()) as { text: string };
      state.files[new URL(request.url).searchParams.get('path')!] = text;
      state.puts.push(text);
      state.version += 1;
      return HttpResponse.json({ version: state.version });
    }),
    http.post(`*/api/v1/rules/drafts/${draftId}/check`, () => {
      state.checks += 1;
      state.checked = state.version;
      return HttpResponse.json({ problems });
    }),
  );
  return { draftId, state, draft };
}

const opened: string[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) forgetDraft(one);
});

const admin = () =>
  me({ permissions: ['catalog.read', 'rule.publish'] as ReturnType<typeof me>['permissions'] });
async function open(draftId: string, file: string, who = admin()) {
  opened.push(draftId);
  return renderAt(`/rules/drafts/${draftId}?file=${encodeURIComponent(file)}`, Draft, who);
}

test('a limit is typed into its row with the keyboard, saved, and checked at once', async () => {
  const { draftId, state } = fakeDraft({ 'catalog/condition.csv': CONDITIONS });
  await open(draftId, 'catalog/condition.csv');
  const grid = await screen.findByRole('grid', { name: '表格内容' });
  grid.focus();
  fireEvent.keyDown(grid, { key: 'ArrowDown' });
  fireEvent.keyDown(grid, { key: 'ArrowRight' });
  fireEvent.keyDown(grid, { key: 'ArrowRight' });
  fireEvent.keyDown(grid, { key: '6' });
  const field = within(grid).getByRole('textbox', { name: '时限' });
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(within(grid).getByRole('row', { name: /A0101-02/ }).textContent).toContain('6');
  expect(screen.getByText('有未保存的修改')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: '保存' }));
  await waitFor(() => expect(state.puts).toHaveLength(1));
  expect(state.puts[0]).toBe(CONDITIONS.replace('破损,4', '破损,6'));
  await waitFor(() => expect(state.checks).toBe(1));
  expect(await screen.findByText('已保存')).toBeTruthy();
  // It differs from what is in force, and says how that was.
  fireEvent.keyDown(grid, { key: 'ArrowUp' });
  expect(screen.getByText('现行：4')).toBeTruthy();
});

test('rows are found, added, deleted, and taken back', async () => {
  const { draftId } = fakeDraft({ 'catalog/condition.csv': CONDITIONS });
  await open(draftId, 'catalog/condition.csv');
  const grid = await screen.findByRole('grid');
  fireEvent.change(screen.getByLabelText('在表中查找'), { target: { value: '垃圾' } });
  await screen.findByText('1 / 3 行');
  fireEvent.change(screen.getByLabelText('在表中查找'), { target: { value: '' } });
  await screen.findByText('3 / 3 行');
  fireEvent.click(screen.getByRole('button', { name: '添加行' }));
  await screen.findByText('4 / 4 行');
  fireEvent.click(screen.getByRole('button', { name: '删除行' }));
  await screen.findByText('3 / 3 行');
  fireEvent.keyDown(grid, { key: 'z', ctrlKey: true });
  await screen.findByText('4 / 4 行');
  fireEvent.keyDown(grid, { key: 'z', ctrlKey: true });
  await screen.findByText('3 / 3 行');
  expect(screen.getByText('已保存')).toBeTruthy();
});

test('a problem of the check stands at its cell, in words', async () => {
  const problem: RuleProblem = {
    file: 'catalog/condition.csv',
    element: '3/limit_value',
    code: 'limit.notPositive',
    detail: '0',
    severity: 'error',
  };
  const { draftId, state } = fakeDraft({ 'catalog/condition.csv': CONDITIONS }, [problem]);
  state.checked = 1;
  await open(draftId, 'catalog/condition.csv');
  const row = await screen.findByRole('row', { name: /A0101-02/ });
  expect(within(row).getByText('4').getAttribute('aria-invalid')).toBe('true');
  fireEvent.click(screen.getByRole('link', { name: /第 3 行 时限.*时限须大于零：0/ }));
  await waitFor(() => expect(within(row).getByText('4').getAttribute('aria-selected')).toBe('true'));
});

test('two people at one file: nothing is written over, and both changes can be had', async () => {
  const { draftId, state } = fakeDraft({ 'catalog/condition.csv': CONDITIONS });
  await open(draftId, 'catalog/condition.csv');
  const grid = await screen.findByRole('grid');
  grid.focus();
  fireEvent.keyDown(grid, { key: 'ArrowRight' });
  fireEvent.keyDown(grid, { key: 'ArrowRight' });
  fireEvent.keyDown(grid, { key: '1' });
  fireEvent.keyDown(within(grid).getByRole('textbox', { name: '时限' }), { key: 'Enter' });
  // Meanwhile a colleague saves another row.
  state.files['catalog/condition.csv'] = CONDITIONS.replace('垃圾,1', '垃圾,3');
  state.version += 1;
  fireEvent.click(screen.getByRole('button', { name: '保存' }));
  const dialog = within(await screen.findByRole('dialog', { name: /已被他人修改/ }));
  expect(state.puts).toEqual([]);
  expect(dialog.getByRole('region', { name: '他人的修改' }).textContent).toContain('垃圾,3');
  fireEvent.click(dialog.getByRole('button', { name: '合并双方' }));
  await waitFor(() => expect(state.puts).toHaveLength(1));
  expect(state.puts[0]).toBe(CONDITIONS.replace('垃圾,1', '垃圾,3').replace('缺失,2', '缺失,1'));
});

test('that somebody saved another file is no conflict', async () => {
  const { draftId, state } = fakeDraft({
    'catalog/condition.csv': CONDITIONS,
    'setting.json': '{\n  "autoAccept": false\n}\n',
  });
  await open(draftId, 'setting.json');
  fireEvent.click(await screen.findByRole('checkbox', { name: '自动受理' }));
  state.files['catalog/condition.csv'] = `${CONDITIONS}E0110-02,x,1,workingDay\n`;
  state.version += 1;
  fireEvent.click(screen.getByRole('button', { name: '保存' }));
  await waitFor(() => expect(state.puts).toEqual(['{\n  "autoAccept": true\n}\n']));
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('a cell of a decision table is written back, and the rest of the file stays', async () => {
  const file = 'decision/checkMode.dmn';
  const text = shipped(file);
  const { draftId, state } = fakeDraft({ [file]: text });
  await open(draftId, file);
  const cell = await screen.findByLabelText('规则 3 发现时刻（时）');
  fireEvent.change(cell, { target: { value: '[7..18]' } });
  fireEvent.blur(cell);
  fireEvent.click(screen.getByRole('button', { name: '保存' }));
  await waitFor(() => expect(state.puts).toEqual([text.replace('[7..19]', '[7..18]')]));
});

test('a decision table gets another question, which is named and taken away again', async () => {
  const file = 'decision/checkMode.dmn';
  const text = shipped(file);
  const { draftId, state } = fakeDraft({ [file]: text });
  await open(draftId, file);
  fireEvent.click(await screen.findByRole('button', { name: '增加条件列' }));
  const form = within(await screen.findByRole('region', { name: 'input1' }));
  const name = form.getByLabelText('输入表达式');
  fireEvent.change(name, { target: { value: 'grade' } });
  fireEvent.blur(name);
  expect(await screen.findByLabelText('规则 4 input1')).toBeTruthy();
  fireEvent.click(await screen.findByRole('button', { name: '保存' }));
  await waitFor(() => expect(state.puts).toHaveLength(1));
  expect(state.puts[0]!.match(/<text>grade<\/text>/g)).toHaveLength(1);
  fireEvent.click(await screen.findByRole('button', { name: '删除列“input1”' }));
  await waitFor(() => expect(screen.queryByLabelText('规则 4 input1')).toBeNull());
  expect(screen.queryByRole('region', { name: 'input1' })).toBeNull();
});

test('an element of a drawing is chosen from the list and its limit changed', async () => {
  const file = 'process/application.bpmn';
  const text = shipped(file);
  const { draftId, state } = fakeDraft({
    [file]: text,
    'catalog/stage_limit.csv': 'step,value,unit,calendar\nsign,2,workingHour,x\n',
  });
  await open(draftId, file);
  fireEvent.change(await screen.findByRole('combobox', { name: /^元素/ }), { target: { value: 'first' } });
  const panel = within(await screen.findByRole('complementary', { name: '元素属性' }));
  expect((panel.getByLabelText('名称') as HTMLInputElement).value).toBe('审批');
  await waitFor(() => expect(panel.getByLabelText('时限').textContent).toContain('sign'));
  fireEvent.change(panel.getByLabelText('时限'), { target: { value: 'sign' } });
  fireEvent.click(screen.getByRole('button', { name: '保存' }));
  await waitFor(() => expect(state.puts).toHaveLength(1));
  expect(state.puts[0]).toBe(
    text.replace(
      'id="first" name="审批" wm:step="approve" wm:assign="role" wm:limit="approve"',
      'id="first" name="审批" wm:step="approve" wm:assign="role" wm:limit="sign"',
    ),
  );
});

test('a file that cannot be read is mended as a text', async () => {
  const { draftId, state } = fakeDraft({ 'setting.json': '{ "autoAccept": ' });
  await open(draftId, 'setting.json');
  const area = await screen.findByRole('textbox', { name: '文件原文' });
  expect(screen.getByText(/文件格式有误/)).toBeTruthy();
  fireEvent.change(area, { target: { value: '{ "autoAccept": true }' } });
  fireEvent.click(screen.getByRole('button', { name: '保存' }));
  await waitFor(() => expect(state.puts).toEqual(['{ "autoAccept": true }']));
});

test('who may only read has no tools', async () => {
  const { draftId } = fakeDraft({ 'catalog/condition.csv': CONDITIONS });
  await open(draftId, 'catalog/condition.csv', me({ permissions: ['catalog.read'] as never }));
  const grid = await screen.findByRole('grid');
  fireEvent.keyDown(grid, { key: '6' });
  expect(within(grid).queryByRole('textbox')).toBeNull();
  for (const name of ['保存', '发布', '添加行']) expect(screen.queryByRole('button', { name })).toBeNull();
});

test('a property of a drawing that is still being typed is saved with the rest', async () => {
  const { draftId, state } = fakeDraft({ 'process/application.bpmn': shipped('process/application.bpmn') });
  await open(draftId, 'process/application.bpmn');
  // No room to draw here: the picture says so, and its properties can be changed.
  await screen.findByText(/增删、移动和连线请在更宽的屏幕上进行/);
  fireEvent.change(screen.getByLabelText(/^元素/), { target: { value: 'first' } });
  const name = within(screen.getByRole('complementary', { name: '元素属性' })).getByLabelText('名称');
  name.focus();
  fireEvent.change(name, { target: { value: '初审' } });
  fireEvent.keyDown(name, { key: 's', ctrlKey: true });
  await waitFor(() => expect(state.puts).toHaveLength(1));
  expect(state.puts[0]).toBe(
    shipped('process/application.bpmn').replace('id="first" name="审批"', 'id="first" name="初审"'),
  );
});

test('who may not change rules sees a drawing and its properties', async () => {
  const { draftId } = fakeDraft({ 'process/application.bpmn': shipped('process/application.bpmn') });
  await open(
    draftId,
    'process/application.bpmn',
    me({ permissions: ['catalog.read'] as ReturnType<typeof me>['permissions'] }),
  );
  fireEvent.change(await screen.findByLabelText(/^元素/), { target: { value: 'first' } });
  const panel = within(screen.getByRole('complementary', { name: '元素属性' }));
  expect(panel.getByLabelText<HTMLInputElement>('名称').readOnly).toBe(true);
  expect(panel.getByLabelText<HTMLSelectElement>('环节').disabled).toBe(true);
  expect(screen.queryByText(/增删、移动和连线/)).toBeNull();
});
