import { z } from 'zod';
import {
  Absence,
  AbsenceQuery,
  DutyNowQuery,
  Handover,
  HandoverBody,
  HandoverQuery,
  Id,
  Moved,
  MyDuty,
  MyDutyQuery,
  NewAbsence,
  OnDuty,
  page,
  RedistributeBody,
} from '@wanmi/contracts';
import type { App } from '#platform/http';
import { commandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import { addAbsence, endAbsence, listAbsences } from './absences.ts';
import { handOver, listHandovers } from './handover.ts';
import { redistribute } from './move.ts';
import { listOnDuty, myDuty } from './now.ts';
import { planRoutes } from './plan-routes.ts';

const tags = ['duty'];
const read = { permission: 'duty.read' } as const;
const write = { permission: 'duty.write' } as const;

export function routes(app: App, platform: Platform): void {
  app.get(
    '/duty/now',
    {
      config: read,
      schema: {
        tags,
        summary: 'Who is on duty, of the units in reach',
        querystring: DutyNowQuery,
        response: { 200: page(OnDuty) },
      },
    },
    (request) => listOnDuty(platform, request.actor, request.query),
  );
  app.get(
    '/duty/mine',
    {
      config: { authenticated: true },
      schema: {
        tags,
        summary: 'My shifts, my absences, for whom I act',
        querystring: MyDutyQuery,
        response: { 200: MyDuty },
      },
    },
    (request) => myDuty(platform, request.actor, request.query),
  );
  planRoutes(app, platform);
  absenceRoutes(app, platform);
  workRoutes(app, platform);
}

function absenceRoutes(app: App, platform: Platform): void {
  app.get(
    '/duty/absences',
    {
      config: read,
      schema: {
        tags,
        summary: 'Absences of the units that one plans, and those in which one has a part, newest first',
        querystring: AbsenceQuery,
        response: { 200: page(Absence) },
      },
    },
    (request) => listAbsences(platform, request.actor, request.query),
  );
  app.post(
    '/duty/absences',
    {
      config: write,
      schema: {
        tags,
        summary: 'Somebody will be away; a substitute acts for the post',
        description:
          'When it begins, what waits for the post goes to the substitute, or evenly to the others on duty of the same ' +
          'unit and role. Repeatable by Idempotency-Key.',
        body: NewAbsence,
        response: { 201: Absence },
      },
    },
    async (request, reply) => {
      const made = await addAbsence(platform, request.actor, request.body, commandMeta(request));
      return reply.code(201).send(made);
    },
  );
  app.post(
    '/duty/absences/:id/end',
    {
      config: write,
      schema: {
        tags,
        summary: 'Back now, or not away at all',
        params: z.object({ id: Id }),
        response: { 200: Absence },
      },
    },
    (request) => endAbsence(platform, request.actor, request.params.id, commandMeta(request)),
  );
}

function workRoutes(app: App, platform: Platform): void {
  app.post(
    '/duty/redistribute',
    {
      config: write,
      schema: {
        tags,
        summary: 'Give the open work of a post, or of all who are absent, to others, evenly',
        description: 'The longest wait first. Repeatable by Idempotency-Key.',
        body: RedistributeBody,
        response: { 200: Moved },
      },
    },
    (request) => redistribute(platform, request.actor, request.body, commandMeta(request)),
  );
  app.post(
    '/duty/handover',
    {
      config: { authenticated: true },
      schema: {
        tags,
        summary: 'The end of my shift: what I have claimed goes to a colleague, or back to the unit',
        description: 'Repeatable by Idempotency-Key.',
        body: HandoverBody,
        response: { 201: Handover },
      },
    },
    async (request, reply) => {
      const made = await handOver(platform, request.actor, request.body, commandMeta(request));
      return reply.code(201).send(made);
    },
  );
  app.get(
    '/duty/handovers',
    {
      config: read,
      schema: {
        tags,
        summary: 'What was handed over in the units in reach, newest first',
        querystring: HandoverQuery,
        response: { 200: page(Handover) },
      },
    },
    (request) => listHandovers(platform, request.actor, request.query),
  );
}
