import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { insertRow, readTable, removeRow, setCell } from './csv.ts';
import {
  addColumn,
  addRule,
  mayRemove,
  readDecisions,
  mayMoveColumn,
  moveColumn,
  removeColumn,
  removeRule,
  setColumn,
  setEntry,
  setPolicy,
  swapRules,
} from './decision.ts';
import { cellsOf } from './diffCells.ts';
import { at, readJson, removeJson, setJson, type JsonValue } from './json.ts';
import { lineDiff, merge } from './merge.ts';
import { exampleOf } from './NumberingEditor.tsx';
import { periodsOf, periodsText } from './periods.ts';
import { readXml } from './xml.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');
const shipped = (folder: string): [string, string][] =>
  readdirSync(path.join(CONFIG, folder))
    .filter((name) => !name.endsWith('.md'))
    .map((name) => [name, readFileSync(path.join(CONFIG, folder, name), 'utf8')]);

/** The lines that two texts do not share: what a change has touched. */
const touched = (before: string, after: string) =>
  lineDiff(before, after).flatMap((hunk) => [...hunk.before, ...hunk.after]);

describe('a table', () => {
  test.each(shipped('catalog'))('%s is written as it was read', (_, text) => {
    const table = readTable(text)!;
    expect(table.text).toBe(text);
    expect(new Set(table.rows.map((row) => row.cells.length))).toEqual(new Set([table.columns.length]));
  });

  test('a changed cell changes its row, and no other byte', () => {
    const text = 'code,name\r\nA,"x, ""y"""\r\n\r\nB, z \r\nC,"a\nb"\r\n';
    const table = readTable(text)!;
    expect(table.rows.map((row) => row.cells)).toEqual([
      ['A', 'x, "y"'],
      ['B', ' z '],
      ['C', 'a\nb'],
    ]);
    expect(table.rows.map((row) => row.line)).toEqual([2, 4, 5]);
    expect(setCell(table, 1, 1, 'q,r').text).toBe('code,name\r\nA,"x, ""y"""\r\n\r\nB,"q,r"\r\nC,"a\nb"\r\n');
    expect(setCell(table, 0, 1, 'x, "y"')).toBe(table);
  });

  test('whatever is typed is read again as it was typed', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.string(),
            fc.string({ unit: 'binary' }).filter((one) => !one.includes('\0')),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        fc.nat(),
        fc.string(),
        (rows, place, value) => {
          let table = readTable('a,b\n')!;
          for (const cells of rows) table = insertRow(table, table.rows.length, cells);
          const row = place % rows.length;
          table = setCell(table, row, 1, value);
          const expected = rows.map((cells, index) => (index === row ? [cells[0], value] : [...cells]));
          expect(readTable(table.text)!.rows.map((one) => [...one.cells])).toEqual(expected);
        },
      ),
    );
  });

  test('rows come and go; the last line may lack its break', () => {
    const table = readTable('code,name\nA,x')!;
    const more = insertRow(table, 1, ['B', 'y']);
    expect(more.text).toBe('code,name\nA,x\nB,y\n');
    expect(removeRow(more, 0).text).toBe('code,name\nB,y\n');
    expect(readTable('code,"name\nA,x')).toBeNull();
    expect(readTable('')).toBeNull();
  });
});

describe('XML', () => {
  test.each([...shipped('process'), ...shipped('decision')])(
    '%s: every place is where it says',
    (_, text) => {
      const root = readXml(text)!;
      expect(text.slice(root.start, root.start + 1 + root.name.length)).toBe(`<${root.name}`);
      expect(text.slice(root.closeStart, root.end)).toBe(`</${root.name}>`);
    },
  );
  test.each(['<a><b></a>', '<a', '<a b=c/>', '<a/><b/>', 'x'])('%s is none', (text) => {
    expect(readXml(text)).toBeNull();
  });
});

describe('a decision table', () => {
  const text = readFileSync(path.join(CONFIG, 'decision/checkMode.dmn'), 'utf8');
  const grid = readDecisions(text)![0]!;

  test('a cell is written back, and the rest of the XML stays', () => {
    const after = setEntry(text, grid, 1, 3, '[18..23], < 7');
    expect(touched(text, after)).toHaveLength(2);
    expect(readDecisions(after)![0]!.rules[1]!.texts[3]).toBe('[18..23], < 7');
    expect(after).toContain('&lt; 7');
    expect(setEntry(after, readDecisions(after)![0]!, 1, 3, grid.rules[1]!.texts[3]!)).toBe(text);
  });

  test('any text survives in any cell', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.string({ unit: 'grapheme' }), (rule, column, typed) => {
        const value = typed.replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '').trim();
        const [r, c] = [rule % grid.rules.length, column % grid.rules[0]!.texts.length];
        const after = setEntry(text, grid, r, c, value);
        const again = readDecisions(after)![0]!;
        expect(again.rules[r]!.texts[c]).toBe(value);
        expect(again.rules.flatMap((one, i) => (i === r ? [] : one.texts))).toEqual(
          grid.rules.flatMap((one, i) => (i === r ? [] : one.texts)),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('rules are added, copied, moved and taken away', () => {
    const added = addRule(text, grid, 3);
    const more = readDecisions(added)![0]!;
    expect(more.rules.map((rule) => rule.id)).toEqual([1, 2, 3, 4, 5].map((n) => `checkMode_${n}`));
    expect(more.rules[4]!.texts.slice(0, 5)).toEqual(['-', '-', '-', '-', '']);
    expect(removeRule(added, more, 4)).toBe(text);
    const copied = readDecisions(addRule(text, grid, 0, 1))![0]!;
    expect(copied.rules[1]!.texts).toEqual(grid.rules[1]!.texts);
    const swapped = swapRules(text, grid, 0, 2);
    expect(readDecisions(swapped)![0]!.rules.map((rule) => rule.id)).toEqual(
      [3, 2, 1, 4].map((n) => `checkMode_${n}`),
    );
    expect(swapRules(swapped, readDecisions(swapped)![0]!, 0, 2)).toBe(text);
  });

  test.each(['input', 'output'] as const)('%s columns are added, named and taken away', (kind) => {
    const added = addColumn(text, grid, kind, 'grade');
    const more = readDecisions(added)![0]!;
    const place = kind === 'input' ? grid.inputs.length : grid.inputs.length + grid.outputs.length;
    const head = [...more.inputs, ...more.outputs][place]!;
    expect(head).toMatchObject({ name: 'grade', label: 'grade', type: 'string' });
    expect(more.rules.map((rule) => rule.texts[place])).toEqual(
      grid.rules.map(() => (kind === 'input' ? '-' : '""')),
    );
    // What the other columns say stays where it was
    expect(more.rules.map((rule) => rule.texts.toSpliced(place, 1))).toEqual(
      grid.rules.map((rule) => [...rule.texts]),
    );
    expect(removeColumn(added, more, place)).toBe(text);
    let now = added;
    const told = { name: 'a < "b"', label: '等级 / Grade', type: 'number' };
    for (const part of ['name', 'label', 'type'] as const) {
      now = setColumn(now, column(now, place), part, told[part]);
    }
    expect(column(now, place)).toMatchObject(told);
    const again = addColumn(added, more, kind, 'other');
    const ids = [...again.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);

    function column(of: string, at: number) {
      const { inputs, outputs } = readDecisions(of)![0]!;
      return [...inputs, ...outputs][at]!;
    }
  });

  test('the last question and the last answer stay', () => {
    let now = text;
    for (let left = grid.inputs.length; left > 1; left -= 1) {
      now = removeColumn(now, readDecisions(now)![0]!, 0);
    }
    const least = readDecisions(now)![0]!;
    expect(least.inputs).toHaveLength(1);
    expect(mayRemove(least, 0)).toBe(false);
    expect(removeColumn(now, least, 0)).toBe(now);
    expect(mayRemove(least, least.inputs.length)).toBe(least.outputs.length > 1);
    expect(mayRemove(least, 99)).toBe(false);
  });

  test('hit policy and columns', () => {
    const sum = setPolicy(text, grid, 'COLLECT', 'SUM');
    expect(readDecisions(sum)![0]).toMatchObject({ policy: 'COLLECT', aggregation: 'SUM' });
    expect(setPolicy(sum, readDecisions(sum)![0]!, 'UNIQUE', 'SUM')).toBe(text);
    const asked = setColumn(text, grid.inputs[1]!, 'values', '"0101", "0102"');
    expect(readDecisions(asked)![0]!.inputs[1]!.values).toBe('"0101", "0102"');
    expect(setColumn(asked, readDecisions(asked)![0]!.inputs[1]!, 'values', '')).toBe(
      setColumn(text, grid.inputs[1]!, 'values', ''),
    );
  });
});

describe.each(['approval', 'dispatchMode', 'similarity', 'verification'])('the columns of %s', (code) => {
  const text = readFileSync(path.join(CONFIG, `decision/${code}.dmn`), 'utf8');
  const grid = readDecisions(text)![0]!;
  const named = (of: string) => {
    const now = readDecisions(of)![0]!;
    return [...now.inputs, ...now.outputs].map((one) => one.name);
  };

  test('change places with what their rules say, and back again', () => {
    const columns = grid.inputs.length + grid.outputs.length;
    // Notes stand behind the answers, and stay there.
    expect(mayMoveColumn(grid, columns, -1)).toBe(false);
    for (let place = 0; place < columns; place += 1) {
      const may = place + 1 < columns && place + 1 !== grid.inputs.length;
      expect(mayMoveColumn(grid, place, 1)).toBe(may);
      const after = moveColumn(text, grid, place, 1);
      if (!may) {
        expect(after).toBe(text);
        continue;
      }
      const swapped = <T>(row: readonly T[]): T[] =>
        row.map((one, n) => (n === place ? row[place + 1]! : n === place + 1 ? row[place]! : one));
      expect(named(after)).toEqual(swapped(named(text)));
      const now = readDecisions(after)![0]!;
      expect(now.rules.map((rule) => rule.texts)).toEqual(grid.rules.map((rule) => swapped(rule.texts)));
      expect(moveColumn(after, now, place + 1, -1)).toBe(text);
    }
  });
});

describe('JSON', () => {
  const text = '{\n  "a": [1,   2],\n  "b": { "c": "x" }\n}\n';
  test('one value is set; the rest stays as somebody wrote it', () => {
    expect(setJson(text, ['b', 'c'], 'y')).toBe(text.replace('"x"', '"y"'));
    expect(setJson(text, ['d'], true)).toBe('{\n  "a": [1,   2],\n  "b": { "c": "x" },\n  "d": true\n}\n');
    expect(removeJson(text, ['a'])).toBe('{\n  "b": { "c": "x" }\n}\n');
    expect(removeJson(text, ['a', 0])).toBe('{\n  "a": [2],\n  "b": { "c": "x" }\n}\n');
  });

  test('what is set is what is read', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.nat(),
        fc.jsonValue(),
        (json, n, value) => {
          const keys = Object.keys(json);
          const key = keys[n % keys.length]!;
          const before = JSON.stringify(json, null, 2);
          const after = readJson(setJson(before, [key], value as JsonValue));
          expect(after).toEqual(JSON.parse(JSON.stringify({ ...json, [key]: value })));
          expect(at(readJson(removeJson(before, [key])), [key])).toBeUndefined();
        },
      ),
    );
  });
});

describe('two changes of one file', () => {
  const base = 'a\nb\nc\nd\n';
  test('in different places are joined', () => {
    expect(merge(base, 'a1\nb\nc\nd\n', 'a\nb\nc\nd1\n')).toBe('a1\nb\nc\nd1\n');
    expect(merge(base, 'a\nb1\nc\nd\n', 'a\nb\nc1\nd\n')).toBe('a\nb1\nc1\nd\n');
    expect(merge(base, 'a\nx\nb\nc\nd\n', 'a\nb\nc\n')).toBe('a\nx\nb\nc\n');
  });
  test('in the same place are not', () => {
    expect(merge(base, 'a\nb1\nc\nd\n', 'a\nb2\nc\nd\n')).toBeNull();
    expect(merge(base, 'a\nx\nb\nc\nd\n', 'a\ny\nb\nc\nd\n')).toBeNull();
    expect(merge(base, 'a\nb1\nc\nd\n', 'a\nb1\nc\nd\n')).toBe('a\nb1\nc\nd\n');
  });
  test('nobody’s line is lost', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 8 });
    fc.assert(
      fc.property(lines, lines, (one, other) => {
        const [before, after] = [one.join('\n'), other.join('\n')];
        expect(merge(before, after, before)).toBe(after);
        expect(merge(before, before, after)).toBe(after);
        expect(merge(before, after, after)).toBe(after);
      }),
    );
  });
});

test('the cells of a changed row', () => {
  expect(cellsOf('name_zh=水，井, limit_value=2', 'name_zh=a, b=c, limit_value=3')).toBeNull();
  expect(cellsOf('name_zh=水, 井, limit_value=2', 'name_zh=火, limit_value=3')).toEqual([
    { column: 'name_zh', before: '水, 井', after: '火' },
    { column: 'limit_value', before: '2', after: '3' },
  ]);
});

test('hours as they are typed', () => {
  expect(periodsOf('8:00-12:00，14：00 至 18：00')).toEqual([
    ['08:00', '12:00'],
    ['14:00', '18:00'],
  ]);
  expect(periodsText([['08:00', '12:00']])).toBe('08:00-12:00');
  expect(periodsOf('')).toEqual([]);
});

test('the first number of a day', () => {
  expect(exampleOf('{city}-{yy}{MM}{dd}-{serial:4}', '2026-11-21', '4301')).toBe('4301-261121-0001');
});
