import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffFile, diffRules } from './diff.ts';
import { sorted } from './rule-set.ts';

describe('a difference', () => {
  it('of tables is told row by row, whatever their order', () => {
    const diff = diffFile(
      'catalog/stage_limit.csv',
      'step,value,unit,calendar\naccept,1,workingHour,centre\nfile,1,workingHour,centre\nclose,1,workingHour,centre\n',
      'step,value,unit,calendar\nclose,1,workingHour,centre\naccept,2,workingHour,night\nverify,1,workingHour,patrol\n',
    );
    expect(diff).toEqual({
      path: 'catalog/stage_limit.csv',
      kind: 'changed',
      more: 0,
      changes: [
        {
          kind: 'changed',
          element: 'accept',
          before: 'value=1, calendar=centre',
          after: 'value=2, calendar=night',
        },
        { kind: 'removed', element: 'file', before: 'file,1,workingHour,centre', after: null },
        { kind: 'added', element: 'verify', before: null, after: 'verify,1,workingHour,patrol' },
      ],
    });
  });

  it('of other files is told line by line', () => {
    const diff = diffFile('process/case.bpmn', 'a\nb\nc\nd\n', 'a\nB\nc\nd\ne\n')!;
    expect(diff.changes).toEqual([
      { kind: 'changed', element: '2', before: 'b', after: 'B' },
      { kind: 'added', element: '5', before: null, after: 'e' },
    ]);
  });

  it('of two sets names files that came and went, and none where they are alike', () => {
    const a = sorted([['setting.json', '{}']]);
    const b = sorted([['phrase/file.json', '{}']]);
    expect(diffRules(a, b).files.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'added phrase/file.json',
      'removed setting.json',
    ]);
    expect(diffRules(a, a).files).toEqual([]);
  });

  it('leads from one text to the other', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = diffFile('process/x.bpmn', before.join('\n'), after.join('\n'));
        const count = (kind: string): number =>
          diff?.changes.filter((change) => change.kind === kind).length ?? 0;
        const lines = (list: readonly string[]): number => (list.join('\n') === '' ? 0 : list.length);
        expect(lines(before) - count('removed') + count('added')).toBe(lines(after));
      }),
    );
  });
});
