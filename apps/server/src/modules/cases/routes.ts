import { z } from 'zod';
import {
  ActionBody,
  ActionReply,
  CaseActionBody,
  CaseCard,
  CaseDetail,
  CaseQuery,
  Id,
  page,
  Task,
  TaskCounts,
  TaskQuery,
  TimelineEntry,
  TimelineQuery,
} from '@wanmi/contracts';
import type { App } from '#platform/http';
import { commandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import { actOnCase, actOnTask } from './act.ts';
import { getCase, getTimeline } from './detail.ts';
import { countTasks, getTask, listCases, listTasks } from './lists.ts';
import { movingRoutes } from './moving-routes.ts';

const ById = z.object({ id: Id });

/** The tasks of a post and the cases it may see. */
export function routes(app: App, platform: Platform): void {
  const config = { permission: 'case.read' } as const;
  movingRoutes(app, platform);

  app.get(
    '/tasks',
    {
      config,
      schema: {
        tags: ['tasks'],
        summary: 'What waits for this post, most urgent first; or what it did',
        querystring: TaskQuery,
        response: { 200: page(Task) },
      },
    },
    (request) => listTasks(platform, request.actor, request.query),
  );

  app.get(
    '/tasks/counts',
    {
      config,
      schema: { tags: ['tasks'], summary: 'How much waits, by step and lamp', response: { 200: TaskCounts } },
    },
    (request) => countTasks(platform, request.actor),
  );

  app.get(
    '/tasks/:id',
    { config, schema: { tags: ['tasks'], summary: 'One task', params: ById, response: { 200: Task } } },
    (request) => getTask(platform, request.actor, request.params.id),
  );

  app.post(
    '/tasks/:id/actions/:action',
    {
      config,
      schema: {
        tags: ['tasks'],
        summary: 'Do one of the actions that the task offers',
        description:
          'Idempotency-Key makes it repeatable for 180 days: the same key again gets the same answer. `version` is what the user saw: a lost race is 409 with a code that says who was first.',
        params: z.object({ id: Id, action: z.string().regex(/^[a-zA-Z][a-zA-Z-]{0,39}$/) }),
        body: ActionBody,
        response: { 200: ActionReply },
      },
    },
    (request) =>
      actOnTask(
        platform,
        request.actor,
        request.params.id,
        request.params.action,
        request.body,
        commandMeta(request),
      ),
  );

  app.get(
    '/cases',
    {
      config,
      schema: {
        tags: ['cases'],
        summary: 'Cases in scope, newest first',
        querystring: CaseQuery,
        response: { 200: page(CaseCard) },
      },
    },
    (request) => listCases(platform, request.actor, request.query),
  );

  app.get(
    '/cases/:id',
    { config, schema: { tags: ['cases'], summary: 'One case', params: ById, response: { 200: CaseDetail } } },
    (request) => getCase(platform, request.actor, request.params.id),
  );

  app.post(
    '/cases/:id/actions/:action',
    {
      config,
      schema: {
        tags: ['cases'],
        summary: 'Do something with the case beside its tasks: apply, supervise, merge, void, reopen …',
        description:
          'What this user may do is in `actions` of the case. Idempotency-Key and `version` as for the actions of a task; `assignmentId` where the user answers for several assignments.',
        params: z.object({ id: Id, action: z.string().regex(/^[a-zA-Z][a-zA-Z-]{0,39}$/) }),
        body: CaseActionBody,
        response: { 200: ActionReply },
      },
    },
    (request) =>
      actOnCase(
        platform,
        request.actor,
        request.params.id,
        request.params.action,
        request.body,
        commandMeta(request),
      ),
  );

  app.get(
    '/cases/:id/timeline',
    {
      config,
      schema: {
        tags: ['cases'],
        summary: 'The life of a case, in order',
        params: ById,
        querystring: TimelineQuery,
        response: { 200: z.object({ items: z.array(TimelineEntry), next: z.int().nullable() }) },
      },
    },
    (request) =>
      getTimeline(platform, request.actor, request.params.id, request.query.after, request.query.limit),
  );
}
