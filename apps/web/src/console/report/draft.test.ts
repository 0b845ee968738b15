import { ReportBody } from '@wanmi/contracts';
import { expect, test } from 'vitest';
import { id } from '../../../test/world.ts';
import { emptyDraft, faultsOf, isDirty, toBody } from './draft.ts';

const draft = { ...emptyDraft('hotline12345', 'accept'), description: ' 垃圾堆放 ' };

test('the least that can be sent fits the contract', () => {
  expect(ReportBody.parse(toBody(draft))).toMatchObject({
    kind: 'problem',
    source: 'hotline12345',
    description: '垃圾堆放',
    decision: 'accept',
  });
});

test('everything that can be sent fits the contract', () => {
  const full = {
    ...draft,
    name: '王女士',
    phone: '+86 138-0013-8000',
    wantsReply: true,
    categoryId: id(),
    address: '人民路 12 号',
    point: { lon: 113.02, lat: 28.19 },
    assetId: id(),
    mediaIds: [id()],
  };
  const body = ReportBody.parse(toBody(full));
  expect(body.reporter).toEqual({ name: '王女士', phone: '+86 138-0013-8000', wantsReply: true });
  expect(body.position).toMatchObject({ lon: 113.02, lat: 28.19, crs: 'wgs84' });
});

test('who joins a case decides nothing about it', () => {
  const body = toBody({ ...draft, joinCaseId: id() });
  expect(body.joinCaseId).toBeTruthy();
  expect(body.decision).toBeUndefined();
});

test('a consultation is never accepted as a problem', () => {
  expect(toBody({ ...draft, kind: 'consultation' }).decision).toBeUndefined();
});

test('a caller without name and number is no person', () => {
  expect(toBody({ ...draft, wantsReply: true }).reporter).toBeUndefined();
});

test('what is missing or wrong is named', () => {
  expect(faultsOf(emptyDraft(undefined, undefined))).toEqual(['description']);
  expect(faultsOf({ ...draft, phone: '12ab' })).toEqual(['phone']);
  expect(faultsOf({ ...draft, phone: '0731-8888888' })).toEqual([]);
});

test('a fresh form may be left, a begun one asks', () => {
  expect(isDirty(emptyDraft('hotline12345', 'accept'))).toBe(false);
  expect(isDirty(draft)).toBe(true);
});
