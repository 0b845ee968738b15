import type { Viewer } from '../viewers.ts';
import { api, exactly, fixed, nobodys, ok, type Rule, type Rules } from './ask.ts';

/** Files speak of the whole city: who runs a part of it neither imports nor exports. */
const cityOnly = (viewer: Viewer): boolean => viewer.reach.kind !== 'city';

const unseen = (access: 'data.import' | 'data.export', path: string, body?: object): Rule => ({
  access,
  refuses: cityOnly,
  unknown: () => ({ url: api(path), ...(body && { body }) }),
  asks: () => [{ what: 'what nobody has', url: api(path), ...(body && { body }), status: 404 }],
});
const listed = (access: 'data.import' | 'data.export', path: string): Rule => ({
  access,
  refuses: cityOnly,
  asks: () => [ok('none', api(path), exactly([]))],
});
const batch = (rest = ''): string => `/transfer/imports/${nobodys()}${rest}`;
const register = (rest = ''): string => `/transfer/cases/${nobodys()}${rest}`;
const upload = (rest = ''): string => `/transfer/uploads/${nobodys()}${rest}`;
const MAPPING = { format: 'wanmi-import/1', kind: 'case', register: 'x', dateFormats: ['iso'], fields: {} };
const archive = (rest = ''): string => `/transfer/exports/${nobodys()}${rest}`;

/** 导入导出; modules/transfer and modules/registers test what becomes of files. */
export const TRANSFER_RULES: Rules = {
  'GET /api/v1/transfer/template': fixed(
    'data.import',
    ok('a table', api('/transfer/template?kind=units&format=csv')),
    { what: 'a kind that is none', url: api('/transfer/template?kind=secrets'), status: 400 },
  ),
  'POST /api/v1/transfer/imports': {
    access: 'data.import',
    refuses: cityOnly,
    asks: () => [{ what: 'no file', url: api('/transfer/imports?kind=units'), body: {}, status: 415 }],
  },
  'GET /api/v1/transfer/imports': listed('data.import', '/transfer/imports'),
  'GET /api/v1/transfer/cases': listed('data.import', '/transfer/cases'),
  'GET /api/v1/transfer/cases/:id': unseen('data.import', register()),
  'GET /api/v1/transfer/cases/:id/orders': unseen('data.import', register('/orders')),
  'GET /api/v1/transfer/cases/:id/report': unseen('data.import', register('/report')),
  'GET /api/v1/transfer/cases/:id/rejects': unseen('data.import', register('/rejects')),
  'GET /api/v1/transfer/cases/:id/rejects.csv': unseen('data.import', register('/rejects.csv')),
  'GET /api/v1/transfer/cases/:id/undo': unseen('data.import', register('/undo')),
  'POST /api/v1/transfer/cases/:id/undo': unseen('data.import', register('/undo'), { reason: 'x', cases: 1 }),
  'POST /api/v1/transfer/cases/:id/adoption': unseen('data.import', register('/adoption'), {}),
  'POST /api/v1/transfer/cases/:id/adopt': unseen('data.import', register('/adopt'), { cases: 1 }),
  'POST /api/v1/transfer/cases/:id/cancel': unseen('data.import', register('/cancel'), {}),
  'POST /api/v1/transfer/uploads': {
    access: 'data.import',
    refuses: cityOnly,
    asks: () => [{ what: 'no file', url: api('/transfer/uploads'), body: {}, status: 415 }],
  },
  'GET /api/v1/transfer/uploads': listed('data.import', '/transfer/uploads'),
  'GET /api/v1/transfer/uploads/:id': unseen('data.import', upload()),
  'PUT /api/v1/transfer/uploads/:id/mapping': unseen('data.import', upload('/mapping'), { mapping: MAPPING }),
  'POST /api/v1/transfer/uploads/:id/try': unseen('data.import', upload('/try'), {}),
  'POST /api/v1/transfer/uploads/:id/import': unseen('data.import', upload('/import'), {}),
  'POST /api/v1/transfer/uploads/:id/pause': unseen('data.import', upload('/pause'), {}),
  'POST /api/v1/transfer/uploads/:id/resume': unseen('data.import', upload('/resume'), {}),
  'POST /api/v1/transfer/uploads/:id/cancel': unseen('data.import', upload('/cancel'), {}),
  'GET /api/v1/transfer/imports/:id': unseen('data.import', batch()),
  'GET /api/v1/transfer/imports/:id/rejects': unseen('data.import', batch('/rejects')),
  'GET /api/v1/transfer/imports/:id/rejects.csv': unseen('data.import', batch('/rejects.csv')),
  'POST /api/v1/transfer/imports/:id/confirm': unseen('data.import', batch('/confirm'), {}),
  'POST /api/v1/transfer/imports/:id/cancel': unseen('data.import', batch('/cancel'), {}),
  'POST /api/v1/transfer/imports/:id/undo': unseen('data.import', batch('/undo'), {}),
  'GET /api/v1/transfer/exports': listed('data.export', '/transfer/exports'),
  'POST /api/v1/transfer/exports': {
    access: 'data.export',
    refuses: cityOnly,
    asks: () => [
      { what: 'with personal data', url: api('/transfer/exports'), body: { personal: true }, status: 403 },
      { what: 'everything', url: api('/transfer/exports'), body: {}, status: 202, does: true },
    ],
  },
  'GET /api/v1/transfer/exports/:id': unseen('data.export', archive()),
  'POST /api/v1/transfer/exports/:id/cancel': unseen('data.export', archive('/cancel'), {}),
  'GET /api/v1/transfer/exports/:id/file': unseen('data.export', archive('/file')),
};
