import { BuiltIn, builtIns, impure } from './feel-functions.ts';
import { type Code, FeelMistake, type Reading, Scope } from './feel-reading.ts';
import { staticType } from './feel-static-types.ts';
import { children, type FeelNode, literalOf, nameOf } from './feel-tree.ts';
import { typeFrom } from './feel-type-names.ts';
import { anyType, coerce } from './feel-types.ts';
import { FeelFunction } from './feel-values.ts';
import { spend } from './feel-work.ts';

export function functionDefinition(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  if (parts.some(({ name }) => name === 'external')) return () => null;
  const formal = parts.find(({ name }) => name === 'FormalParameters');
  const parameters = (formal ? children(formal) : []).map((parameter) => {
    const [name, type] = children(parameter);
    return {
      name: nameOf(name!, reading.text),
      type: type ? typeFrom(type, reading) : anyType,
    };
  });
  const names = parameters.map(({ name }) => name);
  const written = children(parts.find(({ name }) => name === 'FunctionBody')!)[0]!;
  const body = reading.within(names, () => reading.compile(written));
  const known = new Map(parameters.map(({ name, type }) => [name, type ?? anyType]));
  const types = { parameters: [...known.values()], returns: staticType(written, reading, known) };
  return (scope) =>
    new FeelFunction(
      names,
      (args) => {
        spend(1);
        if (args.length !== names.length) return null;
        const given: Record<string, unknown> = {};
        for (const [i, { name, type }] of parameters.entries()) {
          const value = type ? coerce(args[i], type) : null;
          // an argument of another type makes no call at all
          if (value === null && (args[i] ?? null) !== null) return null;
          given[name] = value;
        }
        return body(new Scope(given, scope));
      },
      types,
    );
}

/** FEEL functions may call themselves; what does not end would take the process with it. */
const DEEPEST = 500;
let depth = 0;

export function call(target: FeelFunction, args: readonly unknown[]): unknown {
  if (depth >= DEEPEST) return null;
  depth += 1;
  try {
    return target.call(args) ?? null;
  } finally {
    depth -= 1;
  }
}

/** By name: each name must be a parameter's; what is left out is null. */
export function callNamed(target: FeelFunction, args: ReadonlyMap<string, unknown>): unknown {
  if (target instanceof BuiltIn) return target.callNamed(args);
  if (![...args.keys()].every((name) => target.parameters.includes(name))) return null;
  return call(
    target,
    target.parameters.map((name) => args.get(name) ?? null),
  );
}

export function invocation(node: FeelNode, reading: Reading): Code {
  const [target, , given] = children(node);
  const name = nameOf(target!, reading.text);
  if (target!.name === 'VariableName' && impure.has(name) && !reading.isLocal(name))
    throw new FeelMistake('feel.impure', `${name}()`);
  const callee = calleeOf(target!, name, reading);
  if (given?.name === 'NamedParameters') {
    const named = namedParameters(given, reading);
    return (scope) => {
      const found = callee(scope);
      return found instanceof FeelFunction ? callNamed(found, named(scope)) : null;
    };
  }
  const args = (given?.name === 'PositionalParameters' ? children(given) : []).map((value) =>
    reading.compile(value),
  );
  return (scope) => {
    const found = callee(scope);
    return found instanceof FeelFunction
      ? call(
          found,
          args.map((value) => value(scope)),
        )
      : null;
  };
}

/** A variable that is no function hides no built-in of its name: `date(date)`. */
function calleeOf(target: FeelNode, name: string, reading: Reading): Code {
  const code = reading.compile(target);
  const builtIn = target.name === 'VariableName' ? builtIns.get(name) : undefined;
  if (!builtIn) return code;
  return (scope) => {
    const found = code(scope);
    return found instanceof FeelFunction ? found : builtIn;
  };
}

function namedParameters(node: FeelNode, reading: Reading): (scope: Scope) => ReadonlyMap<string, unknown> {
  const named = children(node).map((parameter) => {
    const [name, value] = children(parameter);
    return [nameOf(name!, reading.text), reading.compile(value!)] as const;
  });
  return (scope) => new Map(named.map(([name, value]) => [name, value(scope)]));
}

/** `date("…")`, `@"…"`: worked out once where the text is a literal. */
export function dateTimeLiteral(node: FeelNode, reading: Reading): Code {
  const [constructor, , given] = children(node);
  if (constructor!.name === 'AtLiteral') {
    const text = literalOf(children(constructor!)[0]!, reading.text);
    const value = builtIns.get('@')!.call([text]);
    return () => value;
  }
  const target = builtIns.get(nameOf(constructor!, reading.text))!;
  if (given?.name === 'NamedParameters') {
    const named = namedParameters(given, reading);
    return (scope) => target.callNamed(named(scope));
  }
  const values = given?.name === 'PositionalParameters' ? children(given) : [];
  const args = values.map((value) => reading.compile(value));
  if (values.every((value) => literalOf(value, reading.text) !== undefined)) {
    const nothing = new Scope({});
    const value = target.call(args.map((code) => code(nothing)));
    return () => value;
  }
  return (scope) => target.call(args.map((value) => value(scope)));
}
