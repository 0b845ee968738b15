import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isBackground, readDrawing, type Box, type Shape } from './drawing.ts';
import { actionWrites } from './flowAction.ts';
import { lineDiff } from './merge.ts';
import { propertiesOf } from './properties.ts';
import { setProperty } from './setProperty.ts';
import type { XmlElement } from './xml.ts';
import { wrap } from './wrap.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');

/** The lines that two texts do not share: what a change has touched. */
const touched = (before: string, after: string) =>
  lineDiff(before, after).flatMap((hunk) => [...hunk.before, ...hunk.after]);

describe('a drawing', () => {
  const text = readFileSync(path.join(CONFIG, 'process/case.bpmn'), 'utf8');
  const drawing = readDrawing(text)!;

  test('everything that is drawn is found', () => {
    expect(drawing.shapes.length).toBe(text.match(/<bpmndi:BPMNShape/g)!.length);
    expect(drawing.edges.length).toBe(text.match(/<bpmndi:BPMNEdge/g)!.length);
  });

  test.each([
    ['dispatch', 'limit', 'sign'],
    ['dispatch', 'role', 'operator'],
    ['dispatch', 'name', '派遣 & <分流>'],
    ['dispatch', 'form', ''],
  ] as const)('%s: %s is one attribute', (id, key, value) => {
    const after = setProperty(text, drawing, id, key, value);
    const again = readDrawing(after)!;
    const element = again.elements.get(id)!;
    expect(propertiesOf(after, again, element).find((one) => one.key === key)?.value).toBe(value);
    expect(touched(text, after).length).toBeLessThanOrEqual(2);
  });

  test('a condition goes and comes back', () => {
    const flow = drawing.edges.find((edge) =>
      propertiesOf(text, drawing, edge.element).some((one) => one.key === 'condition' && one.value !== ''),
    )!;
    const was = propertiesOf(text, drawing, flow.element).find((one) => one.key === 'condition')!.value;
    const without = setProperty(text, drawing, flow.id, 'condition', '');
    const back = setProperty(without, readDrawing(without)!, flow.id, 'condition', was);
    const element = readDrawing(back)!.elements.get(flow.id)!;
    expect(
      propertiesOf(back, readDrawing(back)!, element).find((one) => one.key === 'condition')!.value,
    ).toBe(was);
    expect(touched(text, without)).toHaveLength(1);
  });

  test.each([
    ['', true, 'pass', '', 'pass'],
    ['', false, 'pass', 'action = "pass"', ''],
    ['', false, '', '', ''],
    ['action = "fail"', false, 'pass', 'action = "pass"', ''],
    ['action = "fail"', false, '', '', ''],
    ['action="fail" and level > 1', false, 'pass', 'action = "pass" and level > 1', ''],
    ['level > 1 and action = "fail"', false, 'pass', 'level > 1 and action = "pass"', ''],
    ['level > 1', false, 'pass', 'action = "pass" and (level > 1)', ''],
    ['level > 1', true, 'pass', 'level > 1', 'pass'],
    ['', false, 'a"b$&', 'action = "a\\"b$&"', ''],
  ])('%j, alone %s, with the action %j: %j and %j', (condition, alone, action, asks, own) => {
    expect(actionWrites({ condition, alone }, action)).toEqual({ condition: asks, action: own });
  });

  test('an action is set where it is said, and the message that an event waits for is kept once', () => {
    const flow = drawing.edges.find((edge) =>
      propertiesOf(text, drawing, edge.element).some(
        ({ key, value }) => key === 'action' && value === 'dispatch',
      ),
    )!;
    const after = setProperty(text, drawing, flow.id, 'action', 'x-send');
    const again = readDrawing(after)!;
    const said = propertiesOf(after, again, again.elements.get(flow.id)!);
    expect(said.find((one) => one.key === 'action')!.value).toBe('x-send');

    const event = drawing.shapes.find((one) => one.trigger === 'message')!;
    const asked = setProperty(text, drawing, event.id, 'message', 'x-"ask"');
    expect(asked).toContain('name="x-&quot;ask&quot;"');
    const twice = setProperty(asked, readDrawing(asked)!, event.id, 'message', 'x-"ask"');
    expect(twice).toBe(asked);
    const now = readDrawing(asked)!;
    expect(
      propertiesOf(asked, now, now.elements.get(event.id)!).find((one) => one.key === 'message')!.value,
    ).toBe('x-"ask"');
  });

  test('a flow of a gateway is made its default: what it asked goes', () => {
    const flow = drawing.edges.find(
      (edge) =>
        !edge.standard &&
        propertiesOf(text, drawing, edge.element).some((one) => one.key === 'standard') &&
        propertiesOf(text, drawing, edge.element).some((one) => one.key === 'condition' && one.value !== ''),
    )!;
    const after = setProperty(text, drawing, flow.id, 'standard', 'true');
    const now = readDrawing(after)!;
    expect(now.edges.find((one) => one.id === flow.id)!.standard).toBe(true);
    const said = propertiesOf(after, now, now.elements.get(flow.id)!);
    expect(said.find((one) => one.key === 'condition')!.value).toBe('');
    const back = setProperty(after, now, flow.id, 'standard', '');
    expect(readDrawing(back)!.edges.find((one) => one.id === flow.id)!.standard).toBe(false);
  });

  test('a file that has nothing of ours gets our name space with the first attribute', () => {
    const plain = '<definitions xmlns="x"><process><userTask id="t" name="T"/></process></definitions>';
    const after = setProperty(plain, readDrawing(plain)!, 't', 'step', 'file');
    expect(after).toBe(
      '<definitions xmlns="x" xmlns:wm="https://wanmi.city/ns/bpmn"><process><userTask id="t" name="T" wm:step="file"/></process></definitions>',
    );
  });

  test('names are broken into lines', () => {
    expect(wrap('自处置审核与结案', 60, 12, 3)).toEqual(['自处置审核', '与结案']);
    expect(wrap('send to the check', 64, 12, 2)).toEqual(['send to', 'the check']);
  });
});

const DRAWINGS = readdirSync(CONFIG, { recursive: true, encoding: 'utf8' }).filter((one) =>
  one.endsWith('.bpmn'),
);
const meets = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const holds = (a: Box, b: Box) =>
  a.x <= b.x && a.y <= b.y && a.x + a.width >= b.x + b.width && a.y + a.height >= b.y + b.height;

describe.each(DRAWINGS)('%s, as it is shipped', (file) => {
  const { shapes, edges } = readDrawing(readFileSync(path.join(CONFIG, file), 'utf8'))!;
  const beside = ({ kind }: Shape) => kind.endsWith('Event') || kind.endsWith('Gateway');
  const pairs = <T>(all: readonly T[]) =>
    all.flatMap((one, n) => all.slice(n + 1).map((other) => [one, other] as const));

  test('says every name where nothing else stands', () => {
    const named = [...shapes.filter(beside), ...edges].filter(({ name }) => name !== '');
    expect(named.filter(({ label }) => label === null).map(({ id }) => id)).toEqual([]);
    const over = pairs(named).filter(([one, other]) => meets(one.label!, other.label!));
    expect(over.map(([one, other]) => `${one.id} ${other.id}`)).toEqual([]);
    const solid = shapes.filter((shape) => !isBackground(shape));
    for (const one of named)
      expect(
        solid.filter(({ box }) => meets(one.label!, box)).map(({ id }) => id),
        one.id,
      ).toEqual([]);
  });

  test('has every frame apart from the others, or around them', () => {
    const frames = shapes.filter(isBackground);
    const torn = pairs(frames).filter(
      ([one, other]) => meets(one.box, other.box) && !holds(one.box, other.box) && !holds(other.box, one.box),
    );
    expect(torn.map(([one, other]) => `${one.id} ${other.id}`)).toEqual([]);
    const around = ({ parent }: XmlElement) => frames.find(({ element }) => element === parent);
    const outside = shapes.filter((one) => {
      const frame = around(one.element);
      return frame !== undefined && !holds(frame.box, one.box);
    });
    expect(outside.map(({ id }) => id)).toEqual([]);
  });
});
