import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { childNamed, childrenNamed, type DmnElement, readXml } from './dmn-xml.ts';
import { type DecisionModel, readDecision } from './dmn.ts';
import { temporalOf } from './feel.ts';
import { decide, ProcessError } from './index.ts';

/**
 * The models of the DMN Technology Compatibility Kit, where they are at hand: `DMN_TCK` or a folder beside the
 * product. They are no part of it; without them these tests say that they were skipped.
 */
const folder = process.env['DMN_TCK'] ?? path.resolve(import.meta.dirname, '../../../../shared/data/dmn-tck');

describe.skipIf(!existsSync(folder))(`DMN TCK models in ${folder}`, () => {
  const files = existsSync(folder) ? globSync('**/*-test-*.xml', { cwd: folder }) : [];

  test('are there', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  test.each(files)('%s', async (file) => {
    const root = await readXml(readFileSync(path.join(folder, file), 'utf8'));
    const modelFile = path.join(folder, path.dirname(file), childNamed(root, 'modelName')!.text);
    const others = globSync('*.dmn', { cwd: path.dirname(modelFile) })
      .map((name) => path.join(path.dirname(modelFile), name))
      .filter((name) => name !== modelFile);
    // A kit's model may hold a part that no engine without Java runs, or that is wrong on purpose: it decides null
    const { model } = await readDecision(readFileSync(modelFile, 'utf8'), {
      imports: others.map((name) => readFileSync(name, 'utf8')),
    });
    const differences: string[] = [];
    let results = 0;
    for (const testCase of childrenNamed(root, 'testCase')) {
      const input = Object.fromEntries(
        childrenNamed(testCase, 'inputNode').map((node) => [node.attribute('name')!, valueOf(node)]),
      );
      for (const node of childrenNamed(testCase, 'resultNode')) {
        const name = testCase.attribute('invocableName') ?? node.attribute('name')!;
        const expected = comparable(valueOf(childNamed(node, 'expected')!));
        const actual = comparable(answer(model, input, name));
        results += 1;
        if (!isDeepStrictEqual(actual, expected))
          differences.push(
            `${testCase.id} ${name}: ${JSON.stringify(actual)} for ${JSON.stringify(expected)}`,
          );
      }
    }
    expect(differences).toEqual([]);
    expect(results).toBeGreaterThan(0);
  });
});

test.skipIf(existsSync(folder))('DMN TCK models are not at hand: skipped', () => {
  expect(existsSync(folder)).toBe(false);
});

/** The kit says null where a hit policy is violated; ours is a refusal that names the rules. */
function answer(model: DecisionModel, input: Record<string, unknown>, name: string): unknown {
  try {
    return decide(model, input, name).value;
  } catch (error) {
    if (error instanceof ProcessError) return null;
    throw error;
  }
}

function valueOf(element: DmnElement): unknown {
  if (element.attribute('xsi:nil') === 'true') return null;
  const list = childNamed(element, 'list');
  if (list?.attribute('xsi:nil') === 'true') return null;
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
  return JSON.parse(
    JSON.stringify(value ?? null, (_key, part: unknown) =>
      typeof part === 'number' ? Number(part.toFixed(8)) : part,
    ),
  );
}
