import { expect } from 'vitest';
import type { Viewer } from '../viewers.ts';
import { api, exactly, expecting, fixed, nobodys, ok, type Rule, type Rules } from './ask.ts';

const reads = (...args: Parameters<typeof ok>): Rule => fixed('catalog.read', ok(...args));
/** The rules are the whole city's: who runs a part of it changes none of them. */
const cityOnly = (viewer: Viewer): boolean => viewer.reach.kind !== 'city';

const write = (path: string, body: object | undefined, status = 404): Rule => ({
  access: 'rule.publish',
  refuses: cityOnly,
  unknown: () => ({ url: api(path), ...(body && { body }) }),
  asks: () => [{ what: 'what nobody has', url: api(path), ...(body && { body }), status }],
});
const unseen = (path: string): Rule => ({
  access: 'catalog.read',
  unknown: () => ({ url: api(path) }),
  asks: () => [{ what: 'what nobody has', url: api(path), status: 404 }],
});

const draft = (rest = ''): string => `/rules/drafts/${nobodys()}${rest}`;
const publication = (rest = ''): string => `/rules/publications/${nobodys()}${rest}`;
const processMove = (rest = ''): string => `/rules/process-moves/${nobodys()}${rest}`;
const tryOut = (rest = ''): string => `/rules/try-outs/${nobodys()}${rest}`;
const PHRASES = 'path=phrase/dispatch.json';

/** What a city's rules are as a whole; modules/publishing tests what becomes of them. */
export const RULE_RULES: Rules = {
  'GET /api/v1/rules/files': reads(
    'in force',
    api('/rules/files'),
    expecting(({ publication: none, files }: { publication: unknown; files: unknown[] }) => {
      expect(none).toBeNull();
      expect(files.length).toBeGreaterThan(50);
    }),
  ),
  'GET /api/v1/rules/file': fixed(
    'catalog.read',
    ok('one file', api('/rules/file?path=form/dispatch.schema.json')),
    { what: 'a path out of it', url: api('/rules/file?path=../secrets'), status: 404 },
    { what: 'no path', url: api('/rules/file'), status: 400 },
  ),
  'GET /api/v1/rules/archive': reads('archive', api('/rules/archive')),
  'GET /api/v1/rules/upgrade': reads('upgrade', api('/rules/upgrade')),
  'POST /api/v1/rules/upgrade': write('/rules/upgrade', { name: 'x', take: ['form/nothing.schema.json'] }),
  'GET /api/v1/rules/publications': reads('publications', api('/rules/publications'), exactly([])),
  'GET /api/v1/rules/publications/:id': unseen(publication()),
  'GET /api/v1/rules/publications/:id/archive': unseen(publication('/archive')),
  'GET /api/v1/rules/publications/:id/diff': unseen(publication('/diff')),
  'POST /api/v1/rules/publications/:id/rollback': write(publication('/rollback'), { reason: 'x' }),
  'POST /api/v1/rules/publications/:id/cancel': write(publication('/cancel'), {}),
  'GET /api/v1/rules/drafts': reads('drafts', api('/rules/drafts'), exactly([])),
  'POST /api/v1/rules/drafts': write('/rules/drafts', { name: 'x', from: nobodys() }),
  'POST /api/v1/rules/drafts/import': {
    access: 'rule.publish',
    refuses: cityOnly,
    asks: () => [{ what: 'no archive', url: api('/rules/drafts/import'), body: {}, status: 415 }],
  },
  'GET /api/v1/rules/drafts/:id': unseen(draft()),
  'DELETE /api/v1/rules/drafts/:id': write(draft(), undefined),
  'GET /api/v1/rules/drafts/:id/file': unseen(draft(`/file?${PHRASES}`)),
  'PUT /api/v1/rules/drafts/:id/file': write(draft(`/file?${PHRASES}`), { text: '{}' }),
  'DELETE /api/v1/rules/drafts/:id/file': write(draft(`/file?${PHRASES}`), undefined),
  'POST /api/v1/rules/drafts/:id/check': write(draft('/check'), {}),
  'GET /api/v1/rules/drafts/:id/diff': unseen(draft('/diff')),
  'POST /api/v1/rules/drafts/:id/rebase': write(draft('/rebase'), {}),
  'POST /api/v1/rules/drafts/:id/publish': write(draft('/publish'), { reason: 'x' }),
  'GET /api/v1/rules/processes': reads(
    'versions with their open cases',
    api('/rules/processes?code=case'),
    expecting(({ items }: { items: { inForce: boolean }[] }) => {
      expect(items).toMatchObject([{ inForce: true }]);
    }),
  ),
  'GET /api/v1/rules/process-moves': reads('moves', api('/rules/process-moves'), exactly([])),
  'POST /api/v1/rules/process-moves': write('/rules/process-moves', {
    fromVersion: nobodys(),
    toVersion: nobodys(),
  }),
  'GET /api/v1/rules/process-moves/:id': unseen(processMove()),
  'POST /api/v1/rules/process-moves/:id/cancel': write(processMove('/cancel'), {}),
  'POST /api/v1/rules/drafts/:id/try-outs': write(draft('/try-outs'), { cases: 10 }),
  'GET /api/v1/rules/drafts/:id/try-outs': unseen(draft('/try-outs')),
  'GET /api/v1/rules/try-outs/:id': unseen(tryOut()),
  // Which cases change is the whole city's too
  'GET /api/v1/rules/try-outs/:id/cases': write(tryOut('/cases'), undefined),
  'POST /api/v1/rules/try-outs/:id/cancel': write(tryOut('/cancel'), {}),
};
