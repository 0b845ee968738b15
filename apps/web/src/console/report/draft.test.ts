import { ReportBody } from '@wanmi/contracts';
import { expect, test } from 'vitest';
import { id } from '../../../test/world.ts';
import { emptyDraft, faultsOf, isDirty, toBody, withKind } from './draft.ts';

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

test('what is no problem is answered or passed on, and carries nothing of a problem', () => {
  const asked = withKind(
    { ...draft, categoryId: id(), assetId: id(), joinCaseId: id(), answer: ' 请拨打 12329 ' },
    'consultation',
  );
  expect(asked.decision).toBe('answer');
  const body = ReportBody.parse(toBody(asked));
  expect(body).toMatchObject({ kind: 'consultation', decision: 'answer', answer: '请拨打 12329' });
  expect([body.categoryId, body.assetId, body.joinCaseId]).toEqual([undefined, undefined, undefined]);
  // Back to a problem, and the answer is no longer sent.
  expect(
    ReportBody.parse(toBody({ ...withKind(asked, 'problem'), joinCaseId: undefined })).answer,
  ).toBeUndefined();
});

test('who leaves the decision for later still does with another kind', () => {
  expect(withKind({ ...draft, decision: undefined }, 'praise').decision).toBeUndefined();
});

test('an answer that is given at once must be there; what is passed on may be told', () => {
  const asked = withKind(draft, 'suggestion');
  expect(faultsOf(asked)).toEqual(['answer']);
  expect(faultsOf({ ...asked, decision: 'transferOut' })).toEqual([]);
  expect(faultsOf({ ...asked, decision: undefined })).toEqual([]);
});

test('what was fixed on the spot has photos of before and after, and is a case of its own', () => {
  const fixed = { ...draft, decision: undefined, selfHandled: true };
  expect(faultsOf(fixed)).toEqual(['media', 'after']);
  const whole = { ...fixed, mediaIds: [id()], afterMediaIds: [id()], joinCaseId: id() };
  expect(faultsOf(whole)).toEqual([]);
  const body = ReportBody.parse(toBody(whole));
  expect(body).toMatchObject({ selfHandled: true, afterMediaIds: whole.afterMediaIds });
  expect(body.joinCaseId).toBeUndefined();
  expect(ReportBody.parse(toBody({ ...whole, selfHandled: false })).afterMediaIds).toEqual([]);
});

test('who saw it on the spot says what and where it is', () => {
  expect(faultsOf(draft)).toEqual([]);
  expect(faultsOf(draft, { onTheSpot: true })).toEqual(['category', 'point']);
  const placed = { ...draft, categoryId: id(), point: { lon: 113.02, lat: 28.19 } };
  expect(faultsOf(placed, { onTheSpot: true })).toEqual([]);
});
