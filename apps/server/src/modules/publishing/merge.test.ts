import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDecision, compileProcess } from '@wanmi/process';
import { mergeFile, type Versions } from './merge.ts';
import type { Side } from './merge-parts.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');
const shipped = (file: string): string => readFileSync(path.join(CONFIG, file), 'utf8');
const CASE = 'process/application.bpmn';
const APPROVAL = 'decision/approval.dmn';
const FORM = 'form/close.schema.json';
const CONDITION = 'catalog/condition.csv';

const changed = (text: string, ...changes: readonly (readonly [string | RegExp, string])[]): string =>
  changes.reduce((at, [from, to]) => {
    const after = at.replace(from, to);
    if (after === at) throw new Error(`nothing to change: ${String(from)}`);
    return after;
  }, text);

/** Both sides' changes; each conflict decided as said. */
function merge(file: string, versions: Versions, sides: Record<string, Side> = {}) {
  const merged = mergeFile(file, versions, (element) => sides[element]);
  if (!merged) throw new Error(`${file} cannot be merged`);
  return { ...merged, elements: merged.collisions.map(({ element }) => element) };
}
const rows = (...lines: string[]): string => ['step,value,unit,calendar', ...lines, ''].join('\n');
const LIMITS = 'catalog/stage_limit.csv';

describe('a table', () => {
  const base = rows('accept,1,workingHour,centre', 'file,1,workingHour,centre', 'close,1,workingHour,centre');

  it('takes what each changed; a row that both changed is named with both sides and decided by itself', () => {
    const city = changed(base, ['accept,1,', 'accept,2,'], ['file,1,', 'file,2,']);
    const program = changed(base, ['accept,1,', 'accept,3,'], ['close,1,', 'close,3,']);
    const { text, collisions } = merge(LIMITS, { base, city, program });
    expect(collisions).toEqual([
      {
        element: 'accept',
        base: 'accept,1,workingHour,centre',
        city: 'accept,2,workingHour,centre',
        program: 'accept,3,workingHour,centre',
      },
    ]);
    expect(text).toBe(changed(city, ['close,1,', 'close,3,']));
    expect(merge(LIMITS, { base, city, program }, { accept: 'program' }).text).toBe(
      changed(program, ['file,1,', 'file,2,']),
    );
  });

  it('is not lost sight of where one took a row away that the other changed', () => {
    const city = changed(base, ['file,1,workingHour,centre\n', '']);
    const program = changed(base, ['file,1,', 'file,3,']);
    expect(merge(LIMITS, { base, city, program })).toMatchObject({
      text: city,
      collisions: [{ element: 'file', city: null, program: 'file,3,workingHour,centre' }],
    });
    expect(merge(LIMITS, { base, city, program }, { file: 'program' }).text).toBe(program);
  });

  it('keeps the bytes of what nobody touched: quotes, line ends, empty lines', () => {
    const odd =
      'step,value,unit,calendar\r\n"accept",1,workingHour,centre\r\n\r\nfile,1,"working""Hour",centre\r\n';
    const city = changed(odd, ['"accept",1', '"accept",2']);
    const program = `${odd}close,1,workingHour,centre\r\n`;
    expect(merge(LIMITS, { base: odd, city, program })).toMatchObject({
      text: `${city}close,1,workingHour,centre\r\n`,
      collisions: [],
    });
  });

  it('with another column is another table', () => {
    const city = changed(base, ['calendar\n', 'calendar,note\n']);
    const program = changed(base, ['file,1', 'file,2']);
    expect(mergeFile(LIMITS, { base, city, program })).toBeNull();
  });
});

describe('a JSON file', () => {
  const base = shipped(FORM);

  it('is merged by key; what both changed is a conflict at its path', () => {
    const city = changed(base, ['"maxLength": 500', '"maxLength": 321'], ['"x-order": 10', '"x-order": 5']);
    const program = changed(
      base,
      ['"maxLength": 500', '"maxLength": 654'],
      ['"en": "Note"', '"en": "Remark"'],
    );
    const { text, collisions } = merge(FORM, { base, city, program });
    expect(collisions).toEqual([
      {
        element: '/properties/note/maxLength',
        base: '"maxLength": 500',
        city: '"maxLength": 321',
        program: '"maxLength": 654',
      },
    ]);
    expect(text).toBe(changed(city, ['"en": "Note"', '"en": "Remark"']));
    expect(merge(FORM, { base, city, program }, { '/properties/note/maxLength': 'program' }).text).toBe(
      changed(program, ['"x-order": 10', '"x-order": 5']),
    );
  });

  it('keeps the city’s hand where the city wrote it anew', () => {
    const compact = JSON.stringify(JSON.parse(base));
    const city = compact.replace('"maxLength":500', '"maxLength":321');
    const program = changed(base, ['"en": "Note"', '"en": "Remark"']);
    expect(merge(FORM, { base, city, program })).toMatchObject({
      text: city.replace('"en":"Note"', '"en": "Remark"'),
      collisions: [],
    });
  });

  it('takes entries of a list by their id, code, key or name, and other lists as a whole', () => {
    const list = (entries: unknown): string => JSON.stringify({ list: entries });
    for (const by of ['id', 'code', 'key', 'name']) {
      const of = (name: string, n: number) => ({ [by]: name, n });
      const merged = merge('form/x.schema.json', {
        base: list([of('a', 1), of('b', 1)]),
        city: list([of('a', 2), of('b', 1), of('c', 1)]),
        program: list([of('b', 3), of('d', 1)]),
      });
      expect(merged.elements).toEqual(['/list/a']);
      expect(JSON.parse(merged.text)).toEqual({ list: [of('a', 2), of('b', 3), of('c', 1), of('d', 1)] });
    }
    const whole = { base: list([1, 2]), city: list([1, 2, 3]), program: list([0, 1, 2]) };
    expect(merge('form/x.schema.json', whole).elements).toEqual(['/list']);
    const calendars = 'calendar/department.json';
    const days = shipped(calendars);
    const city = changed(days, [
      '"from": "2025-01-01",\n      "to": "2025-01-01"',
      '"from": "2025-01-01",\n      "to": "2025-01-02"',
    ]);
    const program = changed(days, [
      /\n {2}"holidays": \[/,
      '$&\n    { "from": "2027-01-01", "to": "2027-01-01", "name": { "zh-CN": "元旦", "en": "New Year" } },',
    ]);
    const both = merge(calendars, { base: days, city, program });
    expect(both.elements).toEqual([]);
    expect(both.text).toContain('2027-01-01');
    expect(both.text).toContain('"to": "2025-01-02"');
  });

  it('of places is merged place by place (GeoJSON), whatever names them', () => {
    const of = (at: number, more = {}) => ({
      type: 'Feature',
      properties: { code: `A${at}`, ...more },
      geometry: { type: 'Point', coordinates: [at, 30] },
    });
    const map = (...features: unknown[]) => JSON.stringify({ type: 'FeatureCollection', features });
    const merged = merge('area/x.geojson', {
      base: map(of(1), of(2)),
      city: map(of(1, { name: 'x' }), of(2)),
      program: map(of(1), of(2, { name: 'y' }), of(3)),
    });
    expect(merged.collisions).toEqual([]);
    expect(merged.text).toBe(map(of(1, { name: 'x' }), of(2, { name: 'y' }), of(3)));
  });

  it('with a key that stands twice, or that is no JSON, is for a person', () => {
    const twice = changed(base, ['"maxLength": 500', '"maxLength": 500, "maxLength": 501']);
    const versions = (city: string) => ({ base, city, program: changed(base, ['"Note"', '"Remark"']) });
    const { elements } = merge(FORM, versions(twice.replace('"x-order": 10', '"x-order": 11')));
    expect(elements).toEqual(['/properties/note']);
    expect(mergeFile(FORM, versions('{'))).toBeNull();
    expect(mergeFile(FORM, versions('['.repeat(9000) + ']'.repeat(9000)))).toBeNull();
  });
});

describe('a decision file', () => {
  const base = shipped(APPROVAL);
  /** A rule as it stands, its ids another's. */
  const ruleOf = (text: string, id: string): string =>
    new RegExp(` *<rule id="${id}">[\\s\\S]*?</rule>\\n`).exec(text)![0];
  const added = (text: string, behind: string, id: string): string => {
    const rule = ruleOf(text, behind);
    return text.replace(rule, () => rule + rule.replaceAll(behind, id));
  };
  const first = (text: string): string => changed(text, ['hitPolicy="UNIQUE"', 'hitPolicy="FIRST"']);

  it('is merged by rule, and says which rule both changed', async () => {
    const cell = (rule: string, to: string) =>
      [new RegExp(`("${rule}_out2">\\s*<text>)\\d`), `$1${to}`] as const;
    const city = changed(base, cell('approval_2', '3'), cell('approval_3', '7'));
    const program = changed(base, cell('approval_2', '4'), cell('approval_4', '4'));
    const { text, elements, collisions } = merge(APPROVAL, { base, city, program });
    expect(elements).toEqual(['approval_2']);
    expect(collisions[0]).toMatchObject({ city: expect.stringContaining('<text>3') as string });
    expect(text).toBe(changed(city, cell('approval_4', '4')));
    await compileDecision(text);
  });

  it('of the same hit policy takes the rules of both; where order counts, two in one place are a conflict', () => {
    const versions = (of: (text: string) => string): Versions => ({
      base: of(base),
      city: added(of(base), 'approval_2', 'approval_x'),
      program: added(of(base), 'approval_2', 'approval_y'),
    });
    const free = merge(
      APPROVAL,
      versions((text) => text),
    );
    expect(free.collisions).toEqual([]);
    expect(free.text).toMatch(/rule id="approval_x"[\s\S]*rule id="approval_y"/);
    const element = 'approval_table/order';
    expect(merge(APPROVAL, versions(first)).elements).toEqual([element]);
    const text = (side: Side) => merge(APPROVAL, versions(first), { [element]: side }).text;
    expect(text('city')).toMatch(/"approval_2"[\s\S]*"approval_x"[\s\S]*"approval_y"[\s\S]*"approval_3"/);
    expect(text('program')).toMatch(/"approval_2"[\s\S]*"approval_y"[\s\S]*"approval_x"[\s\S]*"approval_3"/);
  });

  it('keeps an order that counts: one moved rules, the other added one, and a person says where', () => {
    const [two, three] = [ruleOf(base, 'approval_2'), ruleOf(base, 'approval_3')];
    const ordered = first(base);
    const city = ordered.replace(two + three, () => three + two);
    const program = added(ordered, 'approval_4', 'approval_y');
    expect(merge(APPROVAL, { base: ordered, city, program }).elements).toEqual(['approval_table/order']);
    const edited = changed(ordered, [/("approval_4_out2">\s*<text>)\d/, '$19']);
    expect(merge(APPROVAL, { base: ordered, city, program: edited })).toMatchObject({
      text: changed(city, [/("approval_4_out2">\s*<text>)\d/, '$19']),
      collisions: [],
    });
  });

  it('with other columns, or another hit policy, is a table as a whole', () => {
    const program = added(base, 'approval_2', 'approval_y');
    for (const city of [
      first(base),
      changed(base, ['<input id="approval_in_kind"', '<input id="approval_in_sort"']),
    ]) {
      expect(merge(APPROVAL, { base, city, program }).elements).toEqual(['approval_table']);
    }
  });
});

describe('a drawing', () => {
  const base = shipped(CASE);

  it('is merged by element and attribute, with its shapes, and compiles', async () => {
    const city = changed(base, [/(<bpmn:userTask id="\w+" name=")[^"]*/, '$1城'], ['x="', 'x="1']);
    const program = changed(base, [/(<bpmn:startEvent id="\w+" name=")[^"]*/, '$1始']);
    const { text, collisions } = merge(CASE, { base, city, program });
    expect(collisions).toEqual([]);
    expect(text).toBe(changed(city, [/(<bpmn:startEvent id="\w+" name=")[^"]*/, '$1始']));
    await compileProcess(text);
  });

  const DRAWN = `<?xml version="1.0"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:wm="https://wanmi.city/ns/bpmn" id="d">
  <!-- as shipped -->
  <process id="p">
    <task id="a" name="A" wm:limit="accept"><outgoing>f</outgoing></task>
    <sequenceFlow id="f" sourceRef="a" targetRef="b" />
    <task id="b"><incoming>f</incoming></task>
  </process>
  <bpmndi:BPMNDiagram id="di"><bpmndi:BPMNPlane id="plane" bpmnElement="p">
    <bpmndi:BPMNShape id="a_di" bpmnElement="a"><dc:Bounds x="1" y="1" /></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="f_di" bpmnElement="f"><di:waypoint x="1" y="1" /><di:waypoint x="2" y="1" /></bpmndi:BPMNEdge>
    <bpmndi:BPMNShape id="b_di" bpmnElement="b"><dc:Bounds x="9" y="1" /></bpmndi:BPMNShape>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>
`;
  const drawn = (...changes: readonly (readonly [string | RegExp, string])[]) => changed(DRAWN, ...changes);
  const X = 'process/x.bpmn';

  it('names what both changed by its element: attribute, shape, both ends of a flow together', () => {
    const city = drawn(['name="A"', 'name="城"'], ['x="9"', 'x="8"'], ['targetRef="b"', 'targetRef="a"']);
    const program = drawn(['name="A"', 'name="程"'], ['x="9"', 'x="7"'], ['sourceRef="a"', 'sourceRef="b"']);
    expect(merge(X, { base: DRAWN, city, program }).elements.toSorted()).toEqual(['a/@name', 'b/shape', 'f']);
    const sides: Record<string, Side> = { 'a/@name': 'program', 'b/shape': 'city', f: 'program' };
    expect(merge(X, { base: DRAWN, city, program }, sides).text).toBe(
      drawn(['name="A"', 'name="程"'], ['x="9"', 'x="8"'], ['sourceRef="a"', 'sourceRef="b"']),
    );
  });

  it('decides an element that one took away wherever it stands: itself, its place, what refers to it', () => {
    const city = drawn(
      ['<outgoing>f</outgoing>', ''],
      [/\s*<sequenceFlow.*/, ''],
      ['<incoming>f</incoming>', ''],
      [/\s*<bpmndi:BPMNEdge.*/, ''],
    );
    const moved = drawn(['<di:waypoint x="2" y="1" />', '<di:waypoint x="3" y="1" />']);
    const versions = { base: DRAWN, city, program: moved };
    expect(merge(X, versions).collisions).toEqual([
      {
        element: 'f',
        base: '<sequenceFlow id="f" sourceRef="a" targetRef="b" />',
        city: null,
        program: '<sequenceFlow id="f" sourceRef="a" targetRef="b" />',
      },
    ]);
    expect(merge(X, versions, { f: 'city' }).text).toBe(city);
    expect(merge(X, versions, { f: 'program' }).text).toBe(moved);
  });

  it('is put together in its order, with what each added and its remarks', () => {
    const city = drawn(
      ['  <!-- as shipped -->', '  <!-- as shipped -->\n  <!-- the city’s own -->'],
      ['    <task id="b">', '    <task id="c"/>\n    <task id="b">'],
    );
    const program = drawn(
      ['name="A" wm:limit', 'name="A" wm:form="x" wm:limit'],
      [/( *)<\/process>/, '    <task id="e" />\n$&'],
    );
    const { text, collisions } = merge(X, { base: DRAWN, city, program });
    expect(collisions).toEqual([]);
    expect(text).toBe(
      changed(
        city,
        ['name="A" wm:limit', 'name="A" wm:form="x" wm:limit'],
        [/( *)<\/process>/, '    <task id="e" />\n$&'],
      ),
    );
  });

  it('that is not well formed, or written with other prefixes, is for a person', () => {
    const program = drawn(['name="A"', 'name="程"']);
    expect(mergeFile(X, { base: DRAWN, city: DRAWN.replace('</process>', ''), program })).toBeNull();
    const prefixed = DRAWN.replaceAll(/<(\/?)(definitions)/g, '<$1bpmn:$2');
    expect(mergeFile(X, { base: DRAWN, city: prefixed, program })).toBeNull();
    expect(mergeFile(X, { base: DRAWN, city: '<a>'.repeat(9000) + '</a>'.repeat(9000), program })).toBeNull();
    expect(mergeFile(X, { base: DRAWN, city: `<!DOCTYPE x [<!ENTITY e "e">]>${DRAWN}`, program })).toBeNull();
  });
});

/** A small file of each kind, and edits of it at places of their own. */
const FILES: readonly { file: string; text: string; places: readonly RegExp[] }[] = [
  {
    file: FORM,
    text: shipped(FORM),
    places: [/"maxLength": \d+/, /"en": "Note"/, /"x-order": 1\d/, /"x-widget": "followUp"/, /"en": "Close"/],
  },
  {
    file: APPROVAL,
    text: shipped(APPROVAL),
    places: [2, 3, 4, 5].map((n) => new RegExp(`"approval_${n}_out2">\\s*<text>[^<]*`)),
  },
  {
    file: CASE,
    text: shipped(CASE),
    places: [
      /<bpmn:userTask id="\w+" name="[^"]*/,
      /<bpmn:startEvent id="\w+" name="[^"]*/,
      /<bpmn:endEvent id="\w+" name="[^"]*/,
      /<dc:Bounds x="\d+/,
    ],
  },
  {
    file: CONDITION,
    text: shipped(CONDITION).split('\n').slice(0, 12).join('\n') + '\n',
    places: [2, 4, 6, 8, 10].map((n) => new RegExp(`(?<=^(?:.*\\n){${n}})[^,]+,[^,]+,[^,]+,[^,]+,[^,]{2}`)),
  },
];

/** At each place a letter more, or none. */
const edit = (text: string, places: readonly RegExp[], letters: readonly (string | null)[]): string =>
  places.reduce((at, place, index) => {
    const letter = letters[index];
    return letter
      ? changed(at, [place, `$&${place.source.includes('\\d') ? letter.charCodeAt(0) : letter}`])
      : at;
  }, text);

describe.each(FILES)('merging $file', ({ file, text: base, places }) => {
  const letters = fc.array(fc.option(fc.constantFrom('a', 'b', 'c')), {
    minLength: places.length,
    maxLength: places.length,
  });
  // A quoted string has no place for a letter behind it
  const put = (chosen: readonly (string | null)[]): string =>
    edit(
      base,
      places.map((place) => (place.source.endsWith('"') ? new RegExp(place.source.slice(0, -1)) : place)),
      chosen,
    );

  it('what one side changed is that side’s text, byte by byte', () => {
    fc.assert(
      fc.property(letters, (chosen) => {
        const x = put(chosen);
        expect(mergeFile(file, { base, city: base, program: x })).toEqual({ text: x, collisions: [] });
        expect(mergeFile(file, { base, city: x, program: base })).toEqual({ text: x, collisions: [] });
        expect(mergeFile(file, { base, city: x, program: x })).toEqual({ text: x, collisions: [] });
      }),
      { numRuns: 30 },
    );
  });

  it('changes in places of their own go together either way round, and none is lost where both changed one', () => {
    fc.assert(
      fc.property(letters, letters, (mine, theirs) => {
        const [city, program] = [put(mine), put(theirs)];
        const there = merge(file, { base, city, program });
        const back = merge(file, { base, city: program, program: city });
        const clashes = places.filter((_, at) => mine[at] && theirs[at] && mine[at] !== theirs[at]).length;
        expect(there.collisions).toHaveLength(clashes);
        expect(back.elements).toEqual(there.elements);
        // Whoever wins what both changed, all else of both is in it
        for (const winner of ['city', 'program'] as const) {
          const sides = Object.fromEntries(there.elements.map((element) => [element, winner]));
          const expected = places.map((_, at) =>
            winner === 'city' ? (mine[at] ?? theirs[at] ?? null) : (theirs[at] ?? mine[at] ?? null),
          );
          expect(merge(file, { base, city, program }, sides).text).toBe(put(expected));
        }
        if (clashes === 0) expect(back.text).toBe(there.text);
      }),
      { numRuns: 60 },
    );
  });
});

describe('any JSON', () => {
  const value = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ min: 0, max: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { maxKeys: 3, noNullPrototype: true }),
      fc.uniqueArray(fc.record({ id: fc.constantFrom('x', 'y', 'z'), v: tie('node') }), {
        selector: ({ id }) => id,
        maxLength: 3,
      }),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
    ),
  })).node;
  const object = fc.dictionary(fc.constantFrom('p', 'q', 'r'), value, { noNullPrototype: true });
  const written = fc
    .tuple(object, fc.constantFrom(0, 2))
    .map(([one, space]) => JSON.stringify(one, null, space));

  it('stays JSON; a decision for one side everywhere is at least that side’s where both changed it', () => {
    fc.assert(
      fc.property(written, written, written, (base, city, program) => {
        const merged = mergeFile('form/x.schema.json', { base, city, program });
        if (!merged) return;
        JSON.parse(merged.text);
        const other = merge('form/x.schema.json', { base, city: program, program: city });
        expect(other.elements.toSorted()).toEqual(merged.collisions.map(({ element }) => element).toSorted());
        const all = merged.collisions.map(({ element }) => [element, 'program'] as const);
        const theirs = merge('form/x.schema.json', { base, city, program }, Object.fromEntries(all)).text;
        // Deciding for the program is what the program would see with the parts changed: nothing is made up
        const keys = (text: string): unknown[] => [...text.matchAll(/"(\w)":/g)].map(([, key]) => key);
        for (const key of keys(theirs))
          expect([...keys(base), ...keys(city), ...keys(program)]).toContain(key);
        const mine = merge(
          'form/x.schema.json',
          { base, city: program, program: city },
          Object.fromEntries(merged.collisions.map(({ element }) => [element, 'city'] as const)),
        ).text;
        expect(JSON.parse(theirs)).toEqual(JSON.parse(mine));
      }),
      { numRuns: 400 },
    );
  });
});
