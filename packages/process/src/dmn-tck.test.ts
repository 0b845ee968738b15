import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDecision, type DecisionModel } from './dmn.ts';
import { isExpected, kitInput, type KitElement, kitValue, named, readKitFile } from './dmn-tck.testing.ts';
import { decide, ProcessError } from './index.ts';

/**
 * The models of the DMN Technology Compatibility Kit, where they are at hand: `DMN_TCK` or a folder beside the
 * product. They are no part of it; without them these tests say that they were skipped.
 */
const folder = process.env['DMN_TCK'] ?? path.resolve(import.meta.dirname, '../../../../shared/data/dmn-tck');

describe.skipIf(!existsSync(folder))(`DMN TCK models in ${folder}`, () => {
  const files = existsSync(folder) ? globSync('**/*test*.xml', { cwd: folder }) : [];

  test('are there', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  test.each(files)('%s', async (file) => {
    const { differences, results } = await run(path.join(folder, file));
    expect(differences).toEqual([]);
    expect(results).toBeGreaterThan(0);
  });
});

test.skipIf(existsSync(folder))('DMN TCK models are not at hand: skipped', () => {
  expect(existsSync(folder)).toBe(false);
});

async function run(file: string): Promise<{ differences: string[]; results: number }> {
  const root = readKitFile(readFileSync(file, 'utf8'));
  const home = path.dirname(file);
  const modelFile = path.join(home, named(root, 'modelName')[0]!.text.trim());
  const others = globSync('**/*.dmn', { cwd: home })
    .map((name) => path.join(home, name))
    .filter((name) => name !== modelFile);
  // A kit's model may hold a part that no engine without Java runs, or that is wrong on purpose: it decides null
  const { model } = await readDecision(readFileSync(modelFile, 'utf8'), {
    imports: others.map((name) => readFileSync(name, 'utf8')),
  });
  const differences: string[] = [];
  let results = 0;
  for (const testCase of named(root, 'testCase')) {
    for (const node of named(testCase, 'resultNode')) {
      const expected = kitValue(named(node, 'expected')[0]!);
      const actual = answer(model, inputOf(testCase), testCase.attributes['invocableName'], node);
      results += 1;
      if (isExpected(actual, expected)) continue;
      const name = `${testCase.attributes['id']} ${node.attributes['name']}`;
      differences.push(`${name}: ${JSON.stringify(actual)} for ${JSON.stringify(expected)}`);
    }
  }
  return { differences, results };
}

function inputOf(testCase: KitElement): Record<string, unknown> {
  return Object.fromEntries(
    named(testCase, 'inputNode').map((node) => [node.attributes['name']!, kitInput(kitValue(node))]),
  );
}

/** The kit says null where a hit policy is violated; ours is a refusal that names the rules. */
const violations = ['decision.notUnique', 'decision.notSame', 'decision.notNumbers'];

/** A test names a decision, or what is called (a service, a knowledge model) and one of its results. */
function answer(
  model: DecisionModel,
  input: Record<string, unknown>,
  invocable: string | undefined,
  node: KitElement,
): unknown {
  const name = node.attributes['name']!;
  const { namespace } = node.attributes;
  const called = [...model.nodes.values()].some((element) => element.name === invocable)
    ? invocable
    : undefined;
  const elsewhere = namespace && !model.own.some((key) => key.startsWith(`${namespace}#`));
  try {
    const { value } = decide(model, input, called ?? (elsewhere ? `${namespace}#${name}` : name));
    if (called === undefined || called === name) return value;
    const service = [...model.nodes.values()].find((element) => element.name === invocable)?.service;
    return service && service.outputs.length > 1 ? (value as Record<string, unknown>)[name] : value;
  } catch (error) {
    if (error instanceof ProcessError && violations.includes(error.code)) return null;
    throw error;
  }
}
