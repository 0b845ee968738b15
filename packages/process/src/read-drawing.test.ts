import { readFileSync } from 'node:fs';
import { BpmnModdle, type ModdleElement, type PropertyDescriptor } from 'bpmn-moddle';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readByModdle } from './bpmn.ts';
import { wmPackage } from './extension.ts';
import { Kinds } from './drawing-kinds.ts';
import { drawings } from './living.testing.ts';
import { readDrawing } from './read-drawing.ts';

/** bpmn-moddle is the judge: what is read without it is what it would have said, or it is asked. */
const moddle = new BpmnModdle({ wm: wmPackage });
const kinds = new Kinds(moddle);

const known = new Map<string, readonly PropertyDescriptor[]>();
function propertiesOf(type: string): readonly PropertyDescriptor[] {
  let found = known.get(type);
  if (!found) known.set(type, (found = moddle.getType(type).$descriptor.properties));
  return found;
}

/** All that an element says, references by id. */
function said(element: ModdleElement): unknown {
  const value = (of: unknown, reference: boolean): unknown => {
    if (Array.isArray(of)) return of.map((one) => value(one, reference));
    if (of === null || typeof of !== 'object' || !('$type' in of)) return of;
    return reference ? `to ${(of as ModdleElement).id}` : said(of as ModdleElement);
  };
  const properties = propertiesOf(element.$type).map(
    ({ name, isReference }) => [name, value(element.get(name), isReference === true)] as const,
  );
  return {
    type: element.$type,
    id: element.id,
    name: element.name,
    attributes: { ...element.$attrs },
    ...Object.fromEntries(properties),
  };
}

async function agrees(xml: string): Promise<'read' | 'left to moddle'> {
  const found = readDrawing(xml, kinds);
  if (!found) return 'left to moddle';
  expect(JSON.stringify(said(found))).toBe(JSON.stringify(said(await readByModdle(xml))));
  return 'read';
}

const file = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const paths = [
  '../../../config/process/case.bpmn',
  '../../../config/process/application.bpmn',
  '../../../config/process/enforcement.bpmn',
  '../../../config/city/twoLevels/process/case.bpmn',
  './line.testing.bpmn',
];
const line = file('./line.testing.bpmn');
const application = file('../../../config/process/application.bpmn');

describe('reading without moddle', () => {
  test.each(paths)('%s, picture and all', async (path) => {
    expect(await agrees(file(path))).toBe('read');
  });

  test('drawings of any kind', async () => {
    await fc.assert(
      fc.asyncProperty(drawings, async (drawn) => {
        expect(await agrees(drawn)).toBe('read');
      }),
    );
  });

  test.each([
    ['another prefix', line.replaceAll('bpmn:', 'b:').replace('xmlns:bpmn', 'xmlns:b')],
    ['the standard as the default namespace', line.replaceAll('bpmn:', '').replace('xmlns:bpmn', 'xmlns')],
    ['texts in parts', line.replace(/(<bpmn:flowNodeRef>)(\w)/, '$1<![CDATA[$2]]>')],
    ['entities of XML', line.replace(/ name="/, ' name="&amp;&#x41;&lt;&quot;')],
    ['notes and instructions', line.replace(/<bpmn:process/, '<!-- <bpmn:lost/> --><?x y?>$&')],
    [
      'documentation',
      line.replace(/(<bpmn:process[^>]*>)/, '$1<bpmn:documentation>text</bpmn:documentation>'),
    ],
    ['an attribute of others', line.replace(/<bpmn:process/, '<bpmn:process xmlns:o="urn:o" o:a="1"')],
  ])('%s', async (_name, xml) => {
    expect(xml).not.toBe(line);
    expect(await agrees(xml)).toBe('read');
  });

  const id = /id="(\w+)"/.exec(line)![1]!;
  test.each([
    ['an element of others', line.replace(/<bpmn:process/, '<o:a xmlns:o="urn:o"/>$&')],
    ['an element of no namespace', line.replace(/<bpmn:process/, '<nobody:a/>$&')],
    ['an element that is not allowed here', line.replace(/<bpmn:process/, '<bpmn:lane id="x"/>$&')],
    ['an element that there is not', line.replace(/<bpmn:process/, '<bpmn:lost id="x"/>$&')],
    ['the same id twice', line.replace(/<bpmn:process/, `<bpmn:message id="${id}"/>$&`)],
    ['an id that is none', line.replace(/<bpmn:process/, '<bpmn:message id="1 2"/>$&')],
    ['a reference to nothing', line.replace(/targetRef="\w+"/, 'targetRef="nowhere"')],
    ['an attribute that there is not', line.replace(/<bpmn:process/, '$& sort="1"')],
    ['an attribute twice', line.replace(/<bpmn:process/, '$& name="1" name="2"')],
    ['an attribute without quotes', line.replace(/<bpmn:process/, '$& name=1')],
    ['text where there is none', line.replace(/<bpmn:process/, 'text$&')],
    ['an element in a text', line.replace('<bpmn:flowNodeRef>', '$&<b/>')],
    ['a type that there is not', line.replace(/xsi:type="[^"]*"/, 'xsi:type="bpmn:tLost"')],
    ['a document type', line.replace('<bpmn:definitions', '<!DOCTYPE a [<!ENTITY b "c">]>$&')],
    ['another encoding', line.replace(/encoding="UTF-8"/, 'encoding="GBK"')],
    ['a second root', `${line}${line.slice(line.indexOf('<bpmn:def'))}`],
    ['no end', line.slice(0, -20)],
    ['text behind the end', `${line}end`],
    ['another root', line.replaceAll('bpmn:definitions', 'bpmn:process')],
    ['nothing', ''],
  ])('%s is left to moddle', async (_name, xml) => {
    expect(xml).not.toBe(line);
    expect(await agrees(xml)).toBe('left to moddle');
  });

  /** Drawings with a few things in wrong places, most of which no longer are drawings. */
  const tokens = (xml: string): string[] => xml.match(/<[^>]*>|[^<]+/g)!;
  const attributes = [...new Set(application.match(/[\w:]+="[^"]*"/g))];
  const pieces = [
    ...new Set(tokens(application)),
    ...[
      '<![CDATA[ x ]]>',
      '&unknown;',
      '&#65;',
      '<!-- -->',
      '<o:a xmlns:o="urn:o">',
      '<bpmn:text>',
      '   ',
      'x',
    ],
  ];
  const mutation = fc.record({
    what: fc.constantFrom(
      'drop',
      'double',
      'swap',
      'put',
      'name',
      'attribute',
      'noAttribute',
      'value',
      'cut',
    ),
    at: fc.nat(),
    other: fc.nat(),
  });
  type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

  function mutated(xml: string, { what, at, other }: Mutation): string {
    const all = tokens(xml);
    const i = at % all.length;
    const j = other % all.length;
    const own = all[i]!;
    const attribute = attributes[other % attributes.length]!;
    if (what === 'drop') all.splice(i, 1);
    else if (what === 'double') all.splice(i, 0, own);
    else if (what === 'swap') [all[i], all[j]] = [all[j]!, own];
    else if (what === 'put') all.splice(i, 0, pieces[other % pieces.length]!);
    else if (what === 'name') all[i] = own.replace(/^<[\w:]+/, /^<[\w:]+/.exec(all[j]!)?.[0] ?? '<x');
    else if (what === 'attribute') all[i] = own.replace(/\s*\/?>$/, ` ${attribute}$&`);
    else if (what === 'noAttribute') all[i] = own.replace(/[\w:]+="[^"]*"/, '');
    else if (what === 'value')
      all[i] = own.replace(/="[^"]*"/, `="${attribute.replaceAll(/^.*?"|"$/g, '')}"`);
    else return xml.slice(0, at % xml.length) + xml.slice((at % xml.length) + (other % 5));
    return all.join('');
  }

  test('never takes a drawing that moddle refuses, nor takes it otherwise', async () => {
    const met = { read: 0, 'left to moddle': 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(line, application),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        async (xml, mutations) => {
          met[await agrees(mutations.reduce(mutated, xml))] += 1;
        },
      ),
      { numRuns: 400 },
    );
    expect(met.read).toBeGreaterThan(30);
    expect(met['left to moddle']).toBeGreaterThan(30);
  }, 60_000);
});
