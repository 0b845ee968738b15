import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { http, HttpResponse } from 'msw';
import { renderRoom } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { card, detail } from '../../../test/world.ts';
import { widgets } from '../../console/widgets/widgets.tsx';
import { SchemaForm, type ServerFieldError } from './SchemaForm.tsx';

closedNetwork();

const decline = {
  type: 'object',
  properties: {
    note: {
      type: 'string',
      maxLength: 10,
      'x-label': { 'zh-CN': '说明', en: 'Note' },
      'x-widget': 'phrases',
      'x-phrases': [{ 'zh-CN': '不在辖区', en: 'Not our area' }],
      'x-order': 20,
    },
    reason: {
      type: 'string',
      oneOf: [
        { const: 'wrongArea', 'x-label': { 'zh-CN': '不在辖区', en: 'Wrong area' } },
        {
          const: 'other',
          'x-label': { 'zh-CN': '其他', en: 'Other' },
          'x-help': { 'zh-CN': '请说明', en: 'Say what' },
        },
      ],
      'x-label': { 'zh-CN': '理由', en: 'Reason' },
      'x-widget': 'select',
      'x-order': 10,
    },
  },
  required: ['reason'],
  additionalProperties: false,
};

function show(schema: Record<string, unknown>, serverErrors?: ServerFieldError[]) {
  const onSubmit = vi.fn<(data: Record<string, unknown>) => void>();
  renderRoom(
    <SchemaForm
      id="f"
      schema={schema}
      widgets={widgets}
      subject={{ action: 'decline' }}
      serverErrors={serverErrors}
      onSubmit={onSubmit}
    >
      <button type="submit">拒签</button>
    </SchemaForm>,
  );
  return onSubmit;
}

const submit = () => fireEvent.click(screen.getByRole('button', { name: '拒签' }));

test('few choices are all in sight, with what they mean', () => {
  show(decline);
  const group = screen.getByRole('radiogroup', { name: /理由/ });
  expect(group.querySelectorAll('input[type=radio]')).toHaveLength(2);
  expect(screen.getByText('请说明')).toBeTruthy();
});

test('a missing answer is named at its field, and nothing is sent', async () => {
  const onSubmit = show(decline);
  submit();
  expect(await screen.findByText('请填写此项')).toBeTruthy();
  expect(onSubmit).not.toHaveBeenCalled();
});

test('what is sent is the answer, without what was left empty', async () => {
  const onSubmit = show(decline);
  fireEvent.click(screen.getByRole('radio', { name: '不在辖区' }));
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ reason: 'wrongArea' }));
});

test('a phrase is added by a click, and by Alt and its number', async () => {
  const onSubmit = show(decline);
  fireEvent.click(screen.getByRole('radio', { name: /其他/ }));
  fireEvent.click(screen.getByRole('button', { name: '不在辖区' }));
  const area = screen.getByRole('textbox', { name: /说明/ });
  fireEvent.keyDown(area, { code: 'Digit1', key: '1', altKey: true });
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ reason: 'other', note: '不在辖区；不在辖区' }));
});

test('a limit is told with its figure', async () => {
  show(decline);
  fireEvent.change(screen.getByRole('textbox', { name: /说明/ }), {
    target: { value: '一二三四五六七八九十十一' },
  });
  submit();
  expect(await screen.findByText('最多 10 个字')).toBeTruthy();
});

test('of two alternatives one is enough, and both are named', async () => {
  const onSubmit = show({
    type: 'object',
    properties: {
      crew: { type: 'string', 'x-label': { 'zh-CN': '班组', en: 'Crew' } },
      person: { type: 'string', 'x-label': { 'zh-CN': '人员', en: 'Person' } },
    },
    anyOf: [{ required: ['crew'] }, { required: ['person'] }],
  });
  submit();
  expect(await screen.findByText('请至少填写班组或人员')).toBeTruthy();
  fireEvent.change(screen.getByRole('textbox', { name: /人员/ }), { target: { value: '李四' } });
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ person: '李四' }));
});

test('what the server finds wrong stands at its field', async () => {
  show(decline, [{ path: '/reason', code: 'oneOf' }]);
  expect(await screen.findByText('请从列表中选择')).toBeTruthy();
});

test('the proposed choice is chosen', async () => {
  const schema = structuredClone(decline) as typeof decline & {
    properties: { reason: { default?: string } };
  };
  schema.properties.reason.default = 'other';
  const onSubmit = show(schema);
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ reason: 'other' }));
});

test('several choices are ticked, and sent in the order of the list', async () => {
  const onSubmit = show({
    type: 'object',
    properties: {
      form: {
        type: 'string',
        oneOf: [
          { const: 'single', 'x-label': { 'zh-CN': '单部门', en: 'One' } },
          { const: 'several', 'x-label': { 'zh-CN': '多部门', en: 'Several' } },
        ],
        default: 'single',
      },
      otherIds: {
        type: 'array',
        'x-label': { 'zh-CN': '其他单位', en: 'Others' },
        'x-widget': 'units',
        items: {
          type: 'string',
          oneOf: [
            { const: 'a', 'x-label': { 'zh-CN': '环卫所', en: 'Sanitation' } },
            { const: 'b', 'x-label': { 'zh-CN': '绿化所', en: 'Greenery' } },
          ],
        },
      },
    },
    required: ['form'],
  });
  expect(screen.queryByRole('group', { name: /其他单位/ })).toBeNull();
  fireEvent.click(screen.getByRole('radio', { name: '多部门' }));
  fireEvent.click(await screen.findByRole('checkbox', { name: '绿化所' }));
  fireEvent.click(screen.getByRole('checkbox', { name: '环卫所' }));
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ form: 'several', otherIds: ['a', 'b'] }));
});

test("a moment is the city's, and is sent as an instant", async () => {
  const onSubmit = show({
    type: 'object',
    properties: {
      until: { type: 'string', format: 'date-time', 'x-label': { 'zh-CN': '延至', en: 'Until' } },
    },
    required: ['until'],
  });
  fireEvent.change(screen.getByLabelText(/延至/), { target: { value: '2026-11-25T18:00' } });
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ until: '2026-11-25T10:00:00.000Z' }));
});

test('a rating is one of five, said in words', async () => {
  const onSubmit = show({
    type: 'object',
    properties: {
      rating: {
        type: 'integer',
        minimum: 1,
        maximum: 5,
        'x-widget': 'rating',
        'x-label': { 'zh-CN': '满意度', en: 'Satisfaction' },
      },
    },
    required: ['rating'],
  });
  fireEvent.click(screen.getByRole('radio', { name: '4 分（满分 5）' }));
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ rating: 4 }));
});

test('another case is found by its number, and shown before it is chosen for good', async () => {
  const other = card({ caseNo: '20261120-00007', address: '中山路 3 号' });
  server.use(
    http.get('*/api/v1/cases', () => HttpResponse.json({ items: [other], next: null })),
    http.get(`*/api/v1/cases/${other.id}`, () => HttpResponse.json({ ...detail(), ...other })),
  );
  const onSubmit = show({
    type: 'object',
    properties: {
      intoId: { type: 'string', 'x-widget': 'case', 'x-label': { 'zh-CN': '并入案卷', en: 'Into' } },
    },
    required: ['intoId'],
  });
  const box = screen.getByRole('combobox', { name: /并入案卷/ });
  fireEvent.mouseDown(box);
  fireEvent.change(box, { target: { value: '00007' } });
  fireEvent.click(await screen.findByText(/20261120-00007 · 暴露垃圾 · 中山路 3 号/));
  expect(await screen.findByText('中山路 3 号', { exact: false, selector: 'p' })).toBeTruthy();
  submit();
  await waitFor(() => expect(onSubmit).toHaveBeenCalledWith({ intoId: other.id }));
});
