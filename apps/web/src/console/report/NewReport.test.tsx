import type { ControlHint, Permission, Role } from '@wanmi/contracts';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { renderAt } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { id, me, post } from '../../../test/world.ts';
import { NewReport } from './NewReport.tsx';

closedNetwork();

async function show(
  role: Role,
  {
    items = [],
    collected = true,
    permissions = ['report.create'],
  }: { items?: ControlHint[]; collected?: boolean; permissions?: Permission[] } = {},
) {
  const sent: unknown[] = [];
  server.use(
    http.get('*/api/v1/sources', () =>
      HttpResponse.json({
        items: [{ code: 'hotline12345', name: { 'zh-CN': '12345', en: '12345' }, verify: true }],
      }),
    ),
    http.get('*/api/v1/phrases', () => HttpResponse.json({ items: [] })),
    http.get('*/api/v1/categories', () => HttpResponse.json({ items: [] })),
    http.get('*/api/v1/controls/at', () => HttpResponse.json({ items, collected })),
    http.get('*/api/v1/grids/at', () =>
      HttpResponse.json({
        unitGrid: null,
        patrolGrid: null,
        district: null,
        street: null,
        community: null,
        grade: null,
        insideCity: true,
      }),
    ),
    http.post('*/api/v1/reports', async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({
        report: { id: id() },
        case: { id: id(), caseNo: '20261121-00009', stage: 'ended', version: 2 },
        joined: false,
        opened: [],
        similar: [],
      });
    }),
  );
  const own = post({ role });
  await renderAt('/report', NewReport, me({ post: own, posts: [own], permissions }));
  await screen.findByRole('heading', { name: '登记' });
  return sent;
}

const type = (name: RegExp, value: string) =>
  fireEvent.change(screen.getByRole('textbox', { name }), { target: { value } });
const submit = () => fireEvent.click(screen.getByRole('button', { name: /^登记/ }));

test('a consultation is answered in the same call', async () => {
  const sent = await show('operator');
  fireEvent.click(screen.getByRole('radio', { name: '咨询' }));
  expect(screen.queryByLabelText('类别')).toBeNull();
  type(/问题描述/, '公厕几点开门');
  submit();
  expect(await screen.findByText('请填写此项')).toBeTruthy();
  expect(sent).toEqual([]);
  type(/答复内容/, '六点至二十二点');
  submit();
  await screen.findByText('20261121-00009');
  expect(screen.getByText('已终结')).toBeTruthy();
  expect(sent).toEqual([
    {
      kind: 'consultation',
      source: 'hotline12345',
      description: '公厕几点开门',
      mediaIds: [],
      decision: 'answer',
      answer: '六点至二十二点',
    },
  ]);
});

test('it may be passed on, or left for later', async () => {
  const sent = await show('operator');
  fireEvent.click(screen.getByRole('radio', { name: '建议' }));
  type(/问题描述/, '建议增加座椅');
  fireEvent.click(screen.getByRole('radio', { name: /^转出/ }));
  submit();
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ kind: 'suggestion', decision: 'transferOut' });
});

test('a collector who has fixed it is asked for both photos', async () => {
  const sent = await show('collector');
  expect(screen.queryByRole('radiogroup', { name: '诉求类型' })).toBeNull();
  type(/问题描述/, '井盖移位，已复位');
  fireEvent.click(screen.getByRole('checkbox', { name: /已当场处理/ }));
  expect(screen.getByText('处理后照片')).toBeTruthy();
  submit();
  await waitFor(() => expect(screen.getAllByText('请至少上传一张照片')).toHaveLength(2));
  expect(sent).toEqual([]);
});

test('where a category is not collected a collector hears it before sending', async () => {
  const hint: ControlHint = {
    id: id(),
    code: 'K1',
    kind: 'noCollectHours',
    name: { 'zh-CN': '夜市街', en: 'Night market' },
    hours: { from: '18:00', to: '23:00' },
  };
  await show('collector', { items: [hint], collected: false });
  fireEvent.change(screen.getByPlaceholderText('经度, 纬度'), { target: { value: '113.02, 28.19' } });
  fireEvent.blur(screen.getByPlaceholderText('经度, 纬度'));
  const told = within(await screen.findByRole('region', { name: '采集控制' }));
  expect(told.getByText(/提交会被退回/)).toBeTruthy();
  expect(told.getByText(/夜市街/).textContent).toContain('18:00 至 23:00');
});

test('an enforcement post registers its own find: what and where, and nobody else’s words', async () => {
  const sent = await show('department', { permissions: ['report.create', 'report.find'] });
  expect(screen.getByText(/^执法发现：/)).toBeTruthy();
  for (const name of ['来源', '姓名', '来电号码']) expect(screen.queryByLabelText(name)).toBeNull();
  expect(screen.queryByRole('radiogroup', { name: '诉求类型' })).toBeNull();
  expect(screen.queryByRole('checkbox', { name: /已当场处理/ })).toBeNull();
  type(/问题描述/, '占道堆放，未经批准');
  submit();
  await waitFor(() => expect(screen.getAllByText('请填写此项')).toHaveLength(2));
  expect(sent).toEqual([]);
});
