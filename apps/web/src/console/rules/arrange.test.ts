import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { arranged } from './arrange.ts';
import { readDrawing, type Box, type Shape } from './drawing.ts';
import { readXml } from './xml.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');
const DRAWINGS = readdirSync(CONFIG, { recursive: true, encoding: 'utf8' }).filter((one) =>
  one.endsWith('.bpmn'),
);
const bare = (text: string) => text.replace(/<bpmndi:BPMNDiagram[\s\S]*<\/bpmndi:BPMNDiagram>\s*/, '');
const meets = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const holds = (a: Box, b: Box) =>
  a.x <= b.x && a.y <= b.y && a.x + a.width >= b.x + b.width && a.y + a.height >= b.y + b.height;
const solid = (shape: Shape) => !['participant', 'lane', 'boundaryEvent'].includes(shape.kind);

describe.each(DRAWINGS)('%s without its picture', (file) => {
  const whole = readFileSync(path.join(CONFIG, file), 'utf8');
  const { text, placed } = arranged(bare(whole));
  const drawing = readDrawing(text)!;

  test('has everything in its place, nothing over another, and each step in its lane', () => {
    const before = readDrawing(whole)!;
    expect(new Set(drawing.shapes.map((one) => one.id))).toEqual(new Set(before.shapes.map((one) => one.id)));
    expect(new Set(drawing.edges.map((one) => one.id))).toEqual(new Set(before.edges.map((one) => one.id)));
    expect(placed).toBeGreaterThan(10);
    const shapes = drawing.shapes.filter(solid);
    for (const [n, one] of shapes.entries())
      for (const other of shapes.slice(n + 1))
        if (meets(one.box, other.box))
          expect(holds(one.box, other.box) || holds(other.box, one.box), `${one.id} ${other.id}`).toBe(true);
    const lanes = drawing.shapes.filter((one) => one.kind === 'lane');
    for (const lane of lanes) {
      const own = [
        ...text
          .slice(text.indexOf(`id="${lane.id}"`))
          .split('</bpmn:lane>')[0]!
          .matchAll(/flowNodeRef>(\w+)</g),
      ];
      for (const [, id] of own) {
        const shape = drawing.shapes.find((one) => one.id === id)!;
        if (shape.kind !== 'boundaryEvent') expect(holds(lane.box, shape.box), id).toBe(true);
      }
    }
  });

  test('only gets a picture: the rest of the text is as it was', () => {
    expect(bare(text).replaceAll(/\s+/g, '')).toBe(bare(whole).replaceAll(/\s+/g, ''));
    expect(arranged(text)).toEqual({ text, placed: 0 });
  });
});

test('what alone has no place stands below, and everything else stays', () => {
  const whole = readFileSync(path.join(CONFIG, 'process/application.bpmn'), 'utf8');
  const without = whole.replace(/\s*<bpmndi:BPMNShape id="second_di"[\s\S]*?<\/bpmndi:BPMNShape>/, '');
  expect(without).not.toBe(whole);
  const { text, placed } = arranged(without);
  expect(placed).toBe(1);
  const before = readDrawing(without)!;
  const after = readDrawing(text)!;
  const second = after.shapes.find((one) => one.id === 'second')!;
  for (const one of before.shapes) {
    expect(after.shapes.find((other) => other.id === one.id)!.box).toEqual(one.box);
    expect(meets(one.box, second.box)).toBe(false);
  }
});

test('a file in another style gets its picture by its own prefixes, or declares them', () => {
  const text = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"><startEvent id="s"/><userTask id="t"/><endEvent id="e"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/></process></definitions>`;
  const { text: drawn, placed } = arranged(text);
  expect(placed).toBe(5);
  expect(readXml(drawn)).not.toBeNull();
  expect(readDrawing(drawn)!.shapes.map((one) => one.id)).toEqual(['s', 't', 'e']);
  expect(drawn).toContain('xmlns:bpmndi=');
});

test('what is no drawing, and an empty one, stay as they are', () => {
  for (const text of ['', '<a/>', '<definitions/>', '<definitions><process id="p"/></definitions>'])
    expect(arranged(text)).toEqual({ text, placed: 0 });
});
