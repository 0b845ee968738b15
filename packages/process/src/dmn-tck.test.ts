import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { childNamed, childrenNamed, type DmnElement, readXml } from './dmn-xml.ts';
import { temporalOf } from './feel.ts';
import { compileDecision, decide, ProcessError } from './index.ts';

/**
 * The models of the DMN Technology Compatibility Kit, where they are at hand: `DMN_TCK` or a folder beside the
 * product. They are no part of it; without them these tests say that they were skipped.
 */
const folder = process.env['DMN_TCK'] ?? path.resolve(import.meta.dirname, '../../../../shared/data/dmn-tck');

// What is outside the first cut, and must be refused by name rather than answered wrongly
const unsupported: Record<string, string> = {
  '0038-dt-on-bkm-explicit-params': 'decision.unsupported',
  '0040-singlenestedcontext': 'decision.unsupported',
  '0086-import': 'decision.unsupported',
};

describe.skipIf(!existsSync(folder))(`DMN TCK models in ${folder}`, () => {
  const files = existsSync(folder) ? globSync('**/*-test-*.xml', { cwd: folder }) : [];

  test('are there', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  test.each(files)('%s', async (file) => {
    const root = await readXml(readFileSync(path.join(folder, file), 'utf8'));
    const modelFile = path.join(folder, path.dirname(file), childNamed(root, 'modelName')!.text);
    const refusal = unsupported[path.basename(path.dirname(file))];
    const xml = readFileSync(modelFile, 'utf8');
    if (refusal) {
      const error: unknown = await compileDecision(xml).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ProcessError);
      expect((error as ProcessError).problems.map(({ code }) => code)).toContain(refusal);
      return;
    }
    const model = await compileDecision(xml);
    let results = 0;
    for (const testCase of childrenNamed(root, 'testCase')) {
      const input = Object.fromEntries(
        childrenNamed(testCase, 'inputNode').map((node) => [node.attribute('name')!, valueOf(node)]),
      );
      for (const node of childrenNamed(testCase, 'resultNode')) {
        const name = node.attribute('name')!;
        const expected = valueOf(childNamed(node, 'expected')!);
        const { value } = decide(model, input, name);
        expect(comparable(value), `${testCase.id} ${name}`).toEqual(comparable(expected));
        results += 1;
      }
    }
    expect(results).toBeGreaterThan(0);
  });
});

test.skipIf(existsSync(folder))('DMN TCK models are not at hand: skipped', () => {
  expect(existsSync(folder)).toBe(false);
});

function valueOf(element: DmnElement): unknown {
  const list = childNamed(element, 'list');
  if (list) return childrenNamed(list, 'item').map(valueOf);
  const components = childrenNamed(element, 'component');
  if (components.length > 0) {
    return Object.fromEntries(
      components.map((component) => [component.attribute('name')!, valueOf(component)]),
    );
  }
  const value = childNamed(element, 'value');
  if (!value || value.attribute('xsi:nil') === 'true') return null;
  const type = value.attribute('xsi:type')?.replace(/^.*:/, '');
  switch (type) {
    case 'decimal':
    case 'double':
    case 'integer':
      return Number(value.text);
    case 'boolean':
      return value.text === 'true';
    case 'duration':
      return temporalOf('days and time duration', value.text);
    default:
      return temporalOf(type ?? 'string', value.text);
  }
}

/** Numbers to the 8 digits that the kit asks for, temporal values as text. */
function comparable(value: unknown): unknown {
  if (typeof value === 'number') return Number(value.toFixed(8));
  return JSON.parse(
    JSON.stringify(value ?? null, (_key, part: unknown) =>
      typeof part === 'number' ? Number(part.toFixed(8)) : part,
    ),
  );
}
