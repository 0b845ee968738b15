import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ACTIONS, type Action } from '@wanmi/contracts';
import { describe, expect, it } from 'vitest';
import { compileForm, emptyForm, formErrors } from './forms.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../../../config/form');
const shipped = (code: string) =>
  compileForm({ id: code, code, version: 1 }, readFileSync(path.join(FOLDER, `${code}.schema.json`), 'utf8'));
const ID = '019ab2c4-7f00-7abc-8def-0123456789ab';

describe('forms', () => {
  it('compiles every shipped form', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.schema.json'));
    expect(files.length).toBeGreaterThan(15);
    for (const name of files) expect(() => shipped(name.replace('.schema.json', ''))).not.toThrow();
  });

  it('refuses what is no form', () => {
    const form = (content: string) => () => compileForm({ id: '', code: 'x', version: 1 }, content);
    expect(form('no json')).toThrow();
    expect(form('{"type":"nothing"}')).toThrow();
    expect(form('{"type":"object","x-labl":{}}')).toThrow(/x-labl/);
    expect(form('{"$ref":"https://example.org/other.json"}')).toThrow();
  });

  it('names each field that does not fit, and never its value', () => {
    const errors = formErrors(shipped('deny'), {
      reason: 'secret-value',
      mediaIds: ['no-uuid', 'no-uuid'],
      note: 5,
      extra: 1,
    });
    expect(errors.map(({ path, code }) => [path, code])).toEqual(
      expect.arrayContaining([
        ['/reason', 'oneOf'],
        ['/mediaIds/0', 'format'],
        ['/mediaIds', 'uniqueItems'],
        ['/note', 'type'],
        ['/extra', 'additionalProperties'],
      ]),
    );
    // Six choices, one error
    expect(errors.filter((error) => error.path === '/reason')).toHaveLength(1);
    expect(JSON.stringify(errors)).not.toContain('secret-value');
  });

  it('points at what is missing', () => {
    expect(formErrors(shipped('dispatch'), {})).toMatchObject([{ path: '/unitId', code: 'required' }]);
    expect(formErrors(shipped('dispatch'), { unitId: ID })).toEqual([]);
    expect(formErrors(shipped('dispatch'), null)).toMatchObject([{ path: '', code: 'type' }]);
    expect(formErrors(shipped('assign'), {}).length).toBeGreaterThan(0);
    expect(formErrors(shipped('assign'), { postId: ID })).toEqual([]);
  });

  it('every action but taking and giving back has a form', () => {
    const codes = readdirSync(FOLDER).map((name) => name.replace('.schema.json', ''));
    const bare: Action[] = ['claim', 'release'];
    expect(codes.toSorted()).toEqual([...ACTIONS.filter((one) => !bare.includes(one)), 'report'].toSorted());
  });

  it('asks for what belongs to one form of dispatch with it, and refuses it with any other', () => {
    const dispatch = (data: object) =>
      formErrors(shipped('dispatch'), data).map(({ path, code }) => [path, code]);
    expect(dispatch({ form: 'flat' })).toEqual([['/crewId', 'required']]);
    expect(dispatch({ form: 'flat', crewId: ID })).toEqual([]);
    expect(dispatch({ unitId: ID, crewId: ID })).toEqual([['/crewId', 'notAllowed']]);
    for (const form of ['several', 'mainAssist', 'doubleFlow']) {
      expect(dispatch({ form, unitId: ID })).toEqual([['/otherIds', 'required']]);
      expect(dispatch({ form, unitId: ID, otherIds: [ID] })).toEqual([]);
    }
    expect(dispatch({ form: 'crossRegion', unitId: ID, otherIds: [ID] })).toEqual([
      ['/otherIds', 'notAllowed'],
    ]);
  });

  it('wants to know what "other" is, and one of two where one is enough', () => {
    for (const code of ['applyReturn', 'applyVoid', 'void']) {
      const errors = (data: object) => formErrors(shipped(code), data).map(({ path }) => path);
      expect(errors({ reason: 'other' }), code).toEqual(['/note']);
      expect(errors({ reason: 'other', note: 'x' }), code).toEqual([]);
      expect(errors({ reason: 'duplicate' }), code).toEqual([]);
    }
    expect(formErrors(shipped('refuse'), {}).length).toBeGreaterThan(0);
    expect(formErrors(shipped('refuse'), { note: 'x' })).toEqual([]);
    expect(formErrors(shipped('approve'), { value: 2 }).length).toBeGreaterThan(0);
    expect(formErrors(shipped('approve'), { value: 2, unit: 'workingDay' })).toEqual([]);
  });

  it('an action without a form takes no data', () => {
    expect(formErrors(emptyForm, {})).toEqual([]);
    expect(formErrors(emptyForm, { note: 'x' })).toMatchObject([
      { path: '/note', code: 'additionalProperties' },
    ]);
  });
});
