import type { ActionReply, CaseDetail, Task } from '@wanmi/contracts';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { expect, test, vi } from 'vitest';
import { renderRoom } from '../../../test/render.tsx';
import { closedNetwork, server } from '../../../test/server.ts';
import { action, assignment, detail, id, task } from '../../../test/world.ts';
import { useState } from 'react';
import { ActionDock } from './ActionDock.tsx';
import type { Asked } from './asked.ts';

closedNetwork();

const condition = id();
const fileForm = {
  type: 'object',
  properties: {
    conditionId: {
      type: 'string',
      'x-label': { 'zh-CN': '立案条件', en: 'Condition' },
      'x-widget': 'condition',
      oneOf: [
        {
          const: condition,
          'x-label': { 'zh-CN': '道路不洁', en: 'Dirty road' },
          'x-help': { 'zh-CN': '清扫干净', en: 'Swept' },
          'x-limit': { value: 4, unit: 'workingHour' },
        },
      ],
      default: condition,
    },
    note: { type: 'string', 'x-label': { 'zh-CN': '说明', en: 'Note' } },
  },
  required: ['conditionId'],
};

const toFile = () =>
  task({
    actions: [
      action('declineFiling', '不予立案', { danger: true }),
      action('file', '立案', { form: fileForm }),
      action('claim', '领取'),
    ],
  });

function show(of: Task) {
  const onDone = vi.fn<(reply: ActionReply) => void>();
  const onActed = vi.fn<(version: number) => void>();
  const view = renderRoom(<Dock of={detail({ tasks: [of] })} task={of} onActed={onActed} onDone={onDone} />);
  return { onDone, onActed, ...view };
}

/** The dock as the case holds it: which form is open is known above it. */
function Dock({
  of,
  task: mine,
  onActed = () => undefined,
  onDone,
}: {
  of: CaseDetail;
  task: Task | undefined;
  onActed?: (version: number) => void;
  onDone?: (reply: ActionReply) => void;
}) {
  const [open, setOpen] = useState<Asked | null>(null);
  return (
    <ActionDock detail={of} task={mine} open={open} onOpen={setOpen} onActed={onActed} onDone={onDone} />
  );
}

function reply(of: Task): ActionReply {
  return {
    case: { id: of.caseId, caseNo: of.case.caseNo, version: 4, stage: 'dispatch', outcome: null },
    task: { id: of.id, open: false },
    opened: [{ id: id(), step: 'dispatch', role: 'dispatcher', dueAt: null }],
  };
}

function answers(of: Task, respond: (request: Request) => Response | Promise<Response>) {
  server.use(
    http.get('*/api/v1/conditions', () => HttpResponse.json({ items: [], next: null })),
    http.post(`*/api/v1/tasks/${of.id}/actions/:action`, ({ request }) => respond(request)),
  );
}

test('the likeliest first, the dangerous last and apart, taking at the edge', () => {
  show(toFile());
  const names = screen.getAllByRole('button').map((button) => button.textContent);
  expect(names).toEqual(['立案1', '不予立案2', '领取c']);
});

test('a number opens its action, which says what it will do', async () => {
  const of = toFile();
  answers(of, () => HttpResponse.json(reply(of)));
  show(of);
  fireEvent.keyDown(document.body, { key: '1' });
  const effects = within(await screen.findByRole('complementary', { name: '执行后' }));
  expect(effects.getByText('4 工作时')).toBeTruthy();
  expect(effects.getByText('清扫干净')).toBeTruthy();
  expect(effects.getByText('收到“已立案”')).toBeTruthy();
});

test('a check that waits for its hours says from when', () => {
  const waiting = { step: 'check', actions: [action('claim', '领取')] };
  const { unmount } = show(task({ ...waiting, notBefore: new Date(Date.now() + 3_600_000).toISOString() }));
  expect(screen.getByText(/起核查$/)).toBeTruthy();
  unmount();
  show(task({ ...waiting, notBefore: new Date(Date.now() - 1000).toISOString() }));
  expect(screen.queryByText(/起核查$/)).toBeNull();
});

test('letters are letters while somebody writes', () => {
  const of = toFile();
  show(of);
  const input = document.body.appendChild(document.createElement('input'));
  fireEvent.keyDown(input, { key: '1' });
  expect(screen.queryByRole('group', { name: '立案' })).toBeNull();
  input.remove();
});

test('it is sent with the version that was seen and a key; the next step is told', async () => {
  const of = toFile();
  const sent: { key: string | null; body: unknown }[] = [];
  answers(of, async (request) => {
    sent.push({ key: request.headers.get('idempotency-key'), body: await request.json() });
    return HttpResponse.json(reply(of));
  });
  const { onDone, onActed } = show(of);
  fireEvent.keyDown(document.body, { key: '1' });
  const sheet = await screen.findByRole('group', { name: '立案' });
  fireEvent.keyDown(sheet, { key: 'Enter', ctrlKey: true });
  await waitFor(() => expect(onDone).toHaveBeenCalledOnce());
  expect(sent[0]?.body).toEqual({ version: 3, data: { conditionId: condition } });
  expect(sent[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  expect(onActed).toHaveBeenCalledWith(4);
});

test('sent again after a broken line it is the same request; changed, it is another', async () => {
  const of = toFile();
  const keys: (string | null)[] = [];
  answers(of, (request) => {
    keys.push(request.headers.get('idempotency-key'));
    return HttpResponse.error();
  });
  show(of);
  fireEvent.keyDown(document.body, { key: '1' });
  const sheet = await screen.findByRole('group', { name: '立案' });
  const send = () => fireEvent.keyDown(sheet, { key: 'Enter', ctrlKey: true });
  send();
  await screen.findByText(/无法连接服务器/);
  send();
  await waitFor(() => expect(keys).toHaveLength(2));
  await screen.findByText(/无法连接服务器/);
  fireEvent.change(screen.getByRole('textbox', { name: /说明/ }), { target: { value: '补充' } });
  send();
  await waitFor(() => expect(keys).toHaveLength(3));
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test('in a lost race it says who was first, and what was typed stays', async () => {
  const of = toFile();
  answers(of, () =>
    HttpResponse.json(
      { status: 409, code: 'conflict.version', params: { seen: 3, current: 4 } },
      { status: 409 },
    ),
  );
  server.use(
    http.get(`*/api/v1/cases/${of.caseId}/timeline`, () =>
      HttpResponse.json({
        next: null,
        items: [
          {
            seq: 4,
            type: 'case.filingDeclined',
            at: '2026-11-21T06:04:00.000Z',
            step: 'file',
            action: 'declineFiling',
            actor: { name: '李四', role: 'shiftLeader', unit: null },
            note: null,
            data: {},
            refs: {},
            mediaIds: [],
            hash: 'ab',
          },
        ],
      }),
    ),
  );
  show(of);
  fireEvent.keyDown(document.body, { key: '1' });
  const sheet = await screen.findByRole('group', { name: '立案' });
  fireEvent.change(screen.getByRole('textbox', { name: /说明/ }), { target: { value: '我写的话' } });
  fireEvent.keyDown(sheet, { key: 'Enter', ctrlKey: true });
  expect(await screen.findByText(/李四 · 值班长 办理了“不予立案”/)).toBeTruthy();
  expect(screen.getByText('(conflict.version)')).toBeTruthy();
  expect(screen.getByDisplayValue('我写的话')).toBeTruthy();
});

test('a task that somebody else finished keeps the open form, but cannot be sent', async () => {
  const of = toFile();
  answers(of, () => HttpResponse.json(reply(of)));
  server.use(http.get('*/timeline', () => HttpResponse.json({ items: [], next: null })));
  const { rerender } = show(of);
  fireEvent.keyDown(document.body, { key: '1' });
  fireEvent.change(await screen.findByRole('textbox', { name: /说明/ }), { target: { value: '我写的话' } });
  rerender(<Dock of={detail()} task={undefined} />);
  expect(await screen.findByText('该任务已由他人办结。')).toBeTruthy();
  expect(screen.getByDisplayValue('我写的话')).toBeTruthy();
  expect(screen.getByRole('button', { name: /^立案/ }).hasAttribute('disabled')).toBe(true);
});

const urgeForm = {
  type: 'object',
  properties: { note: { type: 'string', 'x-label': { 'zh-CN': '说明', en: 'Note' } } },
  required: ['note'],
};

test('what is said beside the work is in the menu, in groups, the dangerous apart', async () => {
  const of = toFile();
  const unit = assignment();
  renderRoom(
    <Dock
      of={detail({
        tasks: [of],
        assignments: [unit],
        actions: [
          { ...action('void', '作废', { danger: true }), assignmentId: null },
          { ...action('urge', '催办', { form: urgeForm }), assignmentId: unit.id },
          { ...action('supervise', '督办'), assignmentId: null },
        ],
      })}
      task={of}
    />,
  );
  expect(screen.queryByRole('button', { name: '作废' })).toBeNull();
  fireEvent.keyDown(document.body, { key: '.' });
  const oversee = within(await screen.findByRole('group', { name: '督办与会商' }));
  expect(oversee.getAllByRole('button').map((one) => one.textContent.trim())).toEqual([
    '督办',
    '催办 道路养护中心',
  ]);
  const danger = within(screen.getByRole('group', { name: '慎重操作' }));
  expect(danger.getByRole('button', { name: '作废' })).toBeTruthy();
});

test('an action on the case goes to the case, with the assignment that it is about', async () => {
  const of = detail({
    assignments: [assignment()],
    actions: [],
  });
  const [unit] = of.assignments;
  of.actions = [{ ...action('urge', '催办', { form: urgeForm }), assignmentId: unit!.id }];
  const sent: unknown[] = [];
  server.use(
    http.post(`*/api/v1/cases/${of.id}/actions/urge`, async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({
        case: { id: of.id, caseNo: of.caseNo, version: 4, stage: 'dispose', outcome: null },
        task: null,
        opened: [],
      });
    }),
  );
  const onDone = vi.fn<(reply: ActionReply) => void>();
  const onActed = vi.fn<(version: number) => void>();
  renderRoom(<Dock of={of} task={undefined} onActed={onActed} onDone={onDone} />);
  fireEvent.click(screen.getByRole('button', { name: '更多操作' }));
  fireEvent.click(screen.getByRole('button', { name: '催办 道路养护中心' }));
  const sheet = await screen.findByRole('group', { name: '催办' });
  fireEvent.change(screen.getByRole('textbox', { name: /说明/ }), { target: { value: '请加快' } });
  fireEvent.keyDown(sheet, { key: 'Enter', ctrlKey: true });
  await waitFor(() => expect(onActed).toHaveBeenCalledWith(4));
  expect(sent).toEqual([{ version: 3, data: { note: '请加快' }, assignmentId: unit!.id }]);
  // The desk stays where it is: nothing of the person's own work is done.
  expect(onDone).not.toHaveBeenCalled();
});

test('an application sent from a task leaves the task open, and the person at it', async () => {
  const of = task({
    step: 'dispose',
    role: 'department',
    actions: [action('respond', '反馈'), action('applyExtend', '申请延期')],
  });
  answers(of, () => HttpResponse.json({ ...reply(of), task: { id: of.id, open: true } }));
  const { onDone, onActed } = show(of);
  expect(screen.queryByRole('button', { name: '申请延期' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: '更多操作' }));
  fireEvent.click(screen.getByRole('button', { name: '申请延期' }));
  fireEvent.keyDown(await screen.findByRole('group', { name: '申请延期' }), { key: 'Enter', ctrlKey: true });
  await waitFor(() => expect(onActed).toHaveBeenCalled());
  expect(onDone).not.toHaveBeenCalled();
});

test('in a menu arrows move, and Escape gives the focus back', () => {
  const of = task({
    actions: [
      action('respond', '反馈'),
      action('applyExtend', '申请延期'),
      action('applySuspend', '申请挂账'),
    ],
  });
  show(of);
  const trigger = screen.getByRole('button', { name: '更多操作' });
  fireEvent.keyDown(trigger, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toMatch('申请延期');
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toMatch('申请挂账');
  fireEvent.keyDown(document.activeElement!, { key: 'Escape' });
  expect(document.activeElement).toBe(trigger);
});
