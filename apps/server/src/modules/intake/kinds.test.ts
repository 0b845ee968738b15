import fc from 'fast-check';
import { REPORT_KINDS, ROLES } from '@wanmi/contracts';
import { describe, expect, test } from 'vitest';
import { Problem } from '#platform/errors';
import { checkKind, decisionDataOf } from './kinds.ts';

type Asked = Parameters<typeof checkKind>[1];

const plain: Asked = {
  kind: 'problem',
  decision: undefined,
  answer: undefined,
  transferTo: undefined,
  selfHandled: false,
  mediaIds: [],
  afterMediaIds: [],
  joinCaseId: undefined,
};

/** The code, or the field and its code; null where nothing is wrong. */
function faultOf(role: string, asked: Partial<Asked>): string | null {
  try {
    checkKind(role, { ...plain, ...asked });
    return null;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [field] = error.errors;
    return field ? `${field.path} ${field.code}` : error.code;
  }
}

const fixed: Partial<Asked> = { selfHandled: true, mediaIds: ['a'], afterMediaIds: ['b'] };

describe('what may be asked with which kind of report', () => {
  test.each<[string, string, Partial<Asked>, string | null]>([
    ['a problem is accepted', 'operator', { decision: 'accept' }, null],
    ['a problem is sent to be verified', 'operator', { decision: 'sendVerify' }, null],
    ['a problem is not answered', 'operator', { decision: 'answer', answer: '好' }, '/decision notForKind'],
    ['a problem is not passed out', 'operator', { decision: 'transferOut' }, '/decision notForKind'],
    ['a question is answered', 'operator', { kind: 'consultation', decision: 'answer', answer: '好' }, null],
    [
      'praise is passed out',
      'operator',
      { kind: 'praise', decision: 'transferOut', transferTo: '公交公司' },
      null,
    ],
    ['not to nowhere', 'operator', { kind: 'praise', decision: 'transferOut' }, '/transferTo required'],
    [
      'whither without a decision',
      'operator',
      { kind: 'praise', transferTo: '公交公司' },
      '/transferTo withoutDecision',
    ],
    [
      'or with a word',
      'operator',
      { kind: 'suggestion', decision: 'transferOut', transferTo: '公交公司', answer: '已转公交公司' },
      null,
    ],
    ['not without words', 'operator', { kind: 'praise', decision: 'answer' }, '/answer required'],
    [
      'a question is not accepted',
      'operator',
      { kind: 'praise', decision: 'accept' },
      '/decision notForKind',
    ],
    ['words without a decision', 'operator', { kind: 'praise', answer: '好' }, '/answer withoutDecision'],
    ['words for a problem', 'operator', { decision: 'accept', answer: '好' }, '/answer withoutDecision'],
    [
      'a shift leader decides nothing at the door',
      'shiftLeader',
      { kind: 'consultation', decision: 'answer', answer: '好' },
      'permission.denied',
    ],
    ['a question joins nothing', 'operator', { kind: 'praise', joinCaseId: 'x' }, '/joinCaseId notForKind'],
    ['a collector has fixed it', 'collector', fixed, null],
    ['nobody else has', 'operator', fixed, 'permission.denied'],
    ['no praise is fixed', 'collector', { ...fixed, kind: 'praise' }, '/selfHandled notForKind'],
    ['not without before', 'collector', { ...fixed, mediaIds: [] }, '/mediaIds required'],
    ['not without after', 'collector', { ...fixed, afterMediaIds: [] }, '/afterMediaIds required'],
    [
      'the same photo proves nothing',
      'collector',
      { ...fixed, afterMediaIds: ['a'] },
      '/afterMediaIds sameAsBefore',
    ],
    ['nor within another case', 'collector', { ...fixed, joinCaseId: 'x' }, '/joinCaseId selfHandled'],
    ['after without before', 'collector', { afterMediaIds: ['b'] }, '/afterMediaIds notSelfHandled'],
  ])('%s', (_what, role, asked, fault) => {
    expect(faultOf(role, asked)).toBe(fault);
  });

  test('whatever is asked, only an operator decides, only a collector fixes, and each kind has its own ends', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'));
    const asked = fc.record({
      kind: fc.constantFrom(...REPORT_KINDS),
      decision: fc.constantFrom(undefined, 'accept', 'sendVerify', 'answer', 'transferOut'),
      answer: fc.constantFrom(undefined, '好'),
      transferTo: fc.constantFrom(undefined, '公交公司'),
      selfHandled: fc.boolean(),
      mediaIds: ids,
      afterMediaIds: ids,
      joinCaseId: fc.constantFrom(undefined, 'x'),
    }) as fc.Arbitrary<Asked>;
    fc.assert(
      fc.property(fc.constantFrom(...ROLES), asked, (role, one) => {
        if (faultOf(role, one) !== null) return;
        if (one.decision) expect(role).toBe('operator');
        if (one.selfHandled) expect([role, one.kind]).toEqual(['collector', 'problem']);
        if (one.kind === 'problem') expect([one.answer, one.transferTo]).toEqual([undefined, undefined]);
        if (one.kind !== 'problem') expect(['accept', 'sendVerify']).not.toContain(one.decision);
        expect(one.afterMediaIds.length > 0).toBe(one.selfHandled);
      }),
    );
  });
});

test('a decision is said in the words of its form', () => {
  expect(decisionDataOf({ decision: 'answer', answer: '好', transferTo: undefined })).toEqual({
    result: '好',
  });
  expect(decisionDataOf({ decision: 'transferOut', answer: '已转', transferTo: '公交公司' })).toEqual({
    to: '公交公司',
    note: '已转',
  });
  expect(decisionDataOf({ decision: 'accept', answer: undefined, transferTo: undefined })).toBeNull();
});
