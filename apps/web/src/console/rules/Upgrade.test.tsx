import type { RuleUpgrade, RuleUpgradeFile } from '@wanmi/contracts';
import { configure, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeAll, expect, test, vi } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { id, me } from '../../../test/world.ts';
import { addRoomWords } from '../../shared/i18n/index.ts';
import { rulesZhCN } from '../../shared/i18n/rules.zh-CN.ts';
import { Upgrade } from './Upgrade.tsx';

closedNetwork();
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 30_000 });
beforeAll(() => addRoomWords('rules', { zh: rulesZhCN, en: async () => ({}) }));

const CASE = 'process/case.bpmn';
const TABLE = 'catalog/condition.csv';
const FORM = 'form/close.schema.json';

const file = (path: string, more: Partial<RuleUpgradeFile>): RuleUpgradeFile => ({
  ...{ path, state: 'conflict', merges: false, conflicts: [], problems: [], own: null },
  diff: { path, kind: 'changed', changes: [], more: 0 },
  ...more,
});
const drawing = file(CASE, {
  merges: true,
  conflicts: [
    { element: 'accept/@name', base: 'name="受理"', city: 'name="本市受理"', program: 'name="新受理"' },
    { element: 'warn', base: '<event id="warn" />', city: null, program: '<event id="warn" x="1" />' },
  ],
});
const table = file(TABLE, {
  merges: true,
  conflicts: [
    { element: 'E0110-01', base: 'limit_value=4', city: 'limit_value=3', program: 'limit_value=5' },
  ],
});

/** A server that offers this, and keeps what was asked for. */
function offering(files: RuleUpgradeFile[], more: Partial<RuleUpgrade> = {}) {
  const asked: unknown[] = [];
  server.use(
    http.get('*/api/v1/rules/upgrade', () => HttpResponse.json({ files, problems: [], ...more })),
    http.post('*/api/v1/rules/upgrade', async ({ request }) => {
      asked.push(await request.json());
      return HttpResponse.json({ id: id() }, { status: 201 });
    }),
  );
  return asked;
}

const who = (...permissions: string[]) =>
  me({ permissions: permissions as ReturnType<typeof me>['permissions'] });
const open = (person = who('catalog.read', 'rule.publish')) => renderAt('/rules', Upgrade, person);
const named = (name: RegExp | string) => screen.findByRole('group', { name });
const press = async (group: RegExp | string, name: string) =>
  fireEvent.click(within(await named(group)).getByRole('button', { name }));
const submit = () => screen.getByRole<HTMLButtonElement>('button', { name: /生成草稿/ });

test('each conflict shows both sides, is decided by itself, and no draft is made before', async () => {
  const asked = offering([drawing, table, file(FORM, { state: 'offered' })]);
  await open();
  await press(/流程.*如何处理|案卷.*如何处理|case.*如何处理/, '合并');
  expect(submit().disabled).toBe(true);
  expect(screen.getByRole('status').textContent).toContain('2');
  const [ours] = await screen.findAllByRole('region', { name: '本市' });
  expect(ours!.textContent).toContain('name="本市受理"');
  expect(screen.getAllByRole('region', { name: '程序自带' })[0]!.textContent).toContain('name="新受理"');
  expect(screen.getByText('已删除')).toBeTruthy();
  await press(/accept\/@name/, '用程序的');
  expect(submit().disabled).toBe(true);
  await press(/^warn/, '用本市的');
  expect(submit().disabled).toBe(false);
  expect(screen.getByText('2 处冲突，已决定 2 处')).toBeTruthy();
  fireEvent.click(submit());
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]).toMatchObject({
    take: [],
    keep: [],
    merge: [
      {
        path: CASE,
        sides: [
          { element: 'accept/@name', side: 'program' },
          { element: 'warn', side: 'city' },
        ],
      },
    ],
  });
});

test('deciding one puts the file together; a row shows its columns; all at once is one press', async () => {
  const asked = offering([drawing, table]);
  await open();
  fireEvent.click((await screen.findAllByRole('button', { name: /▸/ }))[1]!);
  const side = (await screen.findAllByRole('region', { name: '程序自带' }))[0]!;
  expect(side.textContent).toMatch(/4.*→.*5/);
  await press(/E0110-01/, '用程序的');
  fireEvent.click(screen.getAllByRole('button', { name: /▸/ })[0]!);
  fireEvent.click(await screen.findByRole('button', { name: '全部用本市的' }));
  fireEvent.click(submit());
  await waitFor(() => expect(asked).toHaveLength(1));
  const { merge } = asked[0] as { merge: { path: string; sides: { side: string }[] }[] };
  expect(merge.map((one) => [one.path, one.sides.map(({ side: whose }) => whose)])).toEqual([
    [CASE, ['city', 'city']],
    [TABLE, ['program']],
  ]);
});

test('what cannot be told apart is taken or kept as a whole; mistakes of the check are said', async () => {
  const problem = { file: CASE, element: 'accept', code: 'x.y', detail: 'gone', severity: 'error' as const };
  offering([file(FORM, {}), file(CASE, { merges: true, problems: [problem] })], { problems: [problem] });
  await open();
  const groups = await screen.findAllByRole('group');
  const offered = groups.map((group) =>
    within(group)
      .getAllByRole('button')
      .map((one) => one.textContent),
  );
  expect(offered).toEqual([
    ['暂不决定', '整个采用', '保留本市的'],
    ['暂不决定', '合并', '整个采用', '保留本市的'],
  ]);
  expect(screen.getAllByText(/x\.y/)).toHaveLength(2);
});

test('who may not publish sees both sides and decides nothing', async () => {
  offering([drawing]);
  await open(who('catalog.read'));
  fireEvent.click(await screen.findByRole('button', { name: /▸/ }));
  expect(await screen.findAllByRole('region', { name: '本市' })).toHaveLength(2);
  expect(screen.queryAllByRole('group')).toEqual([]);
  expect(screen.queryByRole('button', { name: /生成草稿|全部/ })).toBeNull();
});
