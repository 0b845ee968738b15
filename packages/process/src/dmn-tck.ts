import { type DecisionModel, readDecision } from './dmn.ts';
import { decide } from './dmn-run.ts';
import {
  isExpected,
  type KitElement,
  kitInput,
  kitValue,
  named,
  printKit,
  readKitFile,
} from './dmn-tck-file.ts';
import { type Problem, ProcessError } from './errors.ts';

/** What became of one result that a test file of the kit asks for. */
export interface KitAnswer {
  /** Id of the test case. */
  readonly testCase: string;
  /** Name of the result: a decision, or one of the outputs of a service. */
  readonly result: string;
  readonly passed: boolean;
  /** As FEEL prints it. */
  readonly expected: string;
  readonly actual: string;
}

export interface KitRun {
  /** Name of the model's file. */
  readonly model: string;
  readonly answers: readonly KitAnswer[];
  /** What is wrong with the model, or of another language: it decides null there. */
  readonly problems: readonly Problem[];
}

/**
 * Runs one test file of the DMN Technology Compatibility Kit. `models` are the `.dmn` files of its folder by name: the
 * one that it names, and those that this one may import.
 *
 * Refusals: `kit.file` (no test file), `kit.model` (its model is not among them), and those of `readDecision`.
 */
export async function runKitFile(file: string, models: ReadonlyMap<string, string>): Promise<KitRun> {
  const root = readKitFile(file);
  const name = named(root, 'modelName')[0]?.text.trim() ?? '';
  const xml = models.get(name);
  if (xml === undefined) throw new ProcessError('kit.model', [{ code: 'kit.model', detail: name }]);
  const others = [...models].filter(([other]) => other !== name).map(([, text]) => text);
  const { model, problems } = await readKitModel(xml, others);
  const answers = named(root, 'testCase').flatMap((testCase) => answersOf(model, testCase));
  return { model: name, answers, problems };
}

/** What lies in the folder besides may be no DMN at all; only what the model asks for must be read. */
async function readKitModel(
  xml: string,
  others: readonly string[],
): Promise<Awaited<ReturnType<typeof readDecision>>> {
  const imports: string[] = [];
  for (const other of others) {
    const readable = await readDecision(other).catch((error: unknown) => {
      if (error instanceof ProcessError) return null;
      throw error;
    });
    if (readable) imports.push(other);
  }
  return readDecision(xml, { imports });
}

function answersOf(model: DecisionModel, testCase: KitElement): KitAnswer[] {
  const input = inputOf(testCase);
  return named(testCase, 'resultNode').map((node) => {
    const [wanted] = [...named(node, 'expected'), ...named(node, 'computed')];
    const expected = wanted ? kitValue(wanted) : null;
    const told = {
      testCase: testCase.attributes['id'] ?? '',
      result: node.attributes['name'] ?? '',
      expected: printKit(expected),
    };
    try {
      const actual = answer(model, input, testCase.attributes['invocableName'], node);
      return { ...told, passed: isExpected(actual, expected), actual: printKit(actual) };
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      // what is refused is an error as well as null is: so a test may ask for what its model does not have
      const refused = node.attributes['errorResult'] === 'true' && expected === null;
      return { ...told, passed: refused, actual: error.message };
    }
  });
}

/** By name, and where the kit tells of which file an input is, by namespace and name. */
function inputOf(testCase: KitElement): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const node of named(testCase, 'inputNode')) {
    const name = node.attributes['name'] ?? '';
    const { namespace } = node.attributes;
    const value = kitInput(kitValue(node));
    if (namespace) input[`${namespace}#${name}`] = value;
    if (!Object.hasOwn(input, name)) input[name] = value;
  }
  return input;
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
  const name = node.attributes['name'] ?? '';
  const { namespace } = node.attributes;
  const called = [...model.nodes.values()].find((element) => element.name === invocable);
  const elsewhere = namespace && !model.own.some((key) => key.startsWith(`${namespace}#`));
  try {
    const { value } = decide(model, input, called?.name ?? (elsewhere ? `${namespace}#${name}` : name));
    if (!called || called.name === name) return value;
    return called.service && called.service.outputs.length > 1
      ? ((value as Record<string, unknown> | null)?.[name] ?? null)
      : value;
  } catch (error) {
    if (error instanceof ProcessError && violations.includes(error.code)) return null;
    throw error;
  }
}
