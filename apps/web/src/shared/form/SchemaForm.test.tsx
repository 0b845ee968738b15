import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { renderRoom } from '../../../test/render.tsx';
import { widgets } from '../../console/widgets/widgets.tsx';
import { SchemaForm, type ServerFieldError } from './SchemaForm.tsx';

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
