import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFormula } from '#platform/csv';
import { isFault, readTableText, tableLine } from './table-text.ts';

const formulas = [
  "=cmd|' /C calc'!A0",
  '+1+2',
  '-1+2',
  '@SUM(A1)',
  '\t=1',
  '＝1',
  "'=1",
  "''-x",
  '=1,"2"\n3',
];

it.each(formulas)('%j is written so that no spreadsheet runs it, and read as it was', (text) => {
  const line = tableLine(['a', text]);
  const written = line.slice(2, -1).replace(/^"|"$/g, '');
  expect(isFormula(written)).toBe(false);
  expect(readTableText(`code,name\n${line}`)).toMatchObject({
    lines: [{ cells: ['a', text], formulas: [] }],
  });
});

it('any cell comes back as it was', () => {
  const cell = fc.oneof(
    fc.constantFrom(...formulas),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('-1', '+2.5', "'"),
  );
  fc.assert(
    fc.property(cell, cell, (one, two) => {
      const read = readTableText(`code,name,last\n${tableLine(['x', one, two])}`);
      expect(isFault(read) ? read : read.lines[0]).toMatchObject({ cells: ['x', one, two], formulas: [] });
    }),
  );
});

it('says where a formula stands that somebody else wrote', () => {
  expect(readTableText('code,name\nx,=1+2\ny,-3\n')).toMatchObject({
    lines: [{ cells: ['x', '=1+2'], formulas: [1] }, { formulas: [] }],
  });
});
