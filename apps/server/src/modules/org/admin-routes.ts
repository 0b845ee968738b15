import { z } from 'zod';
import {
  CloseUnitBody,
  Id,
  NewPerson,
  NewPost,
  NewUnit,
  page,
  Person,
  PersonDetail,
  PersonQuery,
  RenameUnitBody,
  ResetPasswordBody,
  UnitMoved,
} from '@wanmi/contracts';
import type { App } from '#platform/http';
import { commandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import { getPerson, listPeople } from './people.ts';
import { addPerson, addPost, disablePerson, endPost, resetPassword } from './staff.ts';
import { addUnit, closeUnit, renameUnit } from './units.ts';

const ById = z.object({ id: Id });
const Made = z.object({ id: Id });
const Done = z.object({ done: z.literal(true) });
const toDone = () => ({ done: true as const });
const read = { permission: 'org.read' } as const;
const write = { permission: 'org.write' } as const;

export function adminRoutes(app: App, platform: Platform): void {
  personRoutes(app, platform);
  postRoutes(app, platform);
  unitRoutes(app, platform);
}

function personRoutes(app: App, platform: Platform): void {
  app.get(
    '/people',
    {
      config: read,
      schema: {
        tags: ['org'],
        summary: 'People of the units in scope; phones are masked',
        querystring: PersonQuery,
        response: { 200: page(Person) },
      },
    },
    (request) => listPeople(platform, request.actor, request.query),
  );
  app.get(
    '/people/:id',
    {
      config: read,
      schema: { tags: ['org'], summary: 'One person', params: ById, response: { 200: PersonDetail } },
    },
    (request) => getPerson(platform, request.actor, request.params.id),
  );
  app.post(
    '/people',
    {
      config: write,
      schema: {
        tags: ['org'],
        summary: 'Add a person, with posts',
        body: NewPerson,
        response: { 201: Made },
      },
    },
    async (request, reply) => {
      const id = await addPerson(platform, request.actor, request.body, commandMeta(request));
      return reply.code(201).send({ id });
    },
  );
  app.post(
    '/people/:id/disable',
    {
      config: write,
      schema: {
        tags: ['org'],
        summary: 'A person leaves: posts and sessions end, the record stays',
        params: ById,
        response: { 200: Done },
      },
    },
    (request) => disablePerson(platform, request.actor, request.params.id, commandMeta(request)).then(toDone),
  );
  app.post(
    '/people/:id/password',
    {
      config: write,
      schema: {
        tags: ['org'],
        summary: 'Give a person a new password; all their sessions end',
        params: ById,
        body: ResetPasswordBody,
        response: { 200: Done },
      },
    },
    (request) =>
      resetPassword(
        platform,
        request.actor,
        request.params.id,
        request.body.password,
        commandMeta(request),
      ).then(toDone),
  );
}

function postRoutes(app: App, platform: Platform): void {
  app.post(
    '/people/:id/posts',
    {
      config: write,
      schema: {
        tags: ['org'],
        summary: 'Give a person another post, with no wider scope than your own',
        params: ById,
        body: NewPost,
        response: { 201: Made },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const id = await addPost(platform, request.actor, params.id, body, commandMeta(request));
      return reply.code(201).send({ id });
    },
  );
  app.post(
    '/posts/:id/end',
    {
      config: write,
      schema: { tags: ['org'], summary: 'End a post now', params: ById, response: { 200: Done } },
    },
    (request) => endPost(platform, request.actor, request.params.id, commandMeta(request)).then(toDone),
  );
}

function unitRoutes(app: App, platform: Platform): void {
  app.post(
    '/units',
    {
      config: write,
      schema: { tags: ['org'], summary: 'Add a unit', body: NewUnit, response: { 201: Made } },
    },
    async (request, reply) => {
      const id = await addUnit(platform, request.actor, request.body, commandMeta(request));
      return reply.code(201).send({ id });
    },
  );
  app.post(
    '/units/:id/rename',
    {
      config: write,
      schema: {
        tags: ['org'],
        summary: 'Rename a unit: a successor with its posts, sub-units and open work',
        params: ById,
        body: RenameUnitBody,
        response: { 200: UnitMoved },
      },
    },
    (request) => renameUnit(platform, request.actor, request.params.id, request.body, commandMeta(request)),
  );
  app.post(
    '/units/:id/close',
    {
      config: write,
      schema: {
        tags: ['org'],
        summary: 'Close a unit; a successor takes over its posts, sub-units and open work',
        params: ById,
        body: CloseUnitBody,
        response: { 200: UnitMoved },
      },
    },
    (request) =>
      closeUnit(
        platform,
        request.actor,
        request.params.id,
        request.body.successorId ?? null,
        commandMeta(request),
      ),
  );
}
