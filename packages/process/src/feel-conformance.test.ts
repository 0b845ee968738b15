import { expect, test } from 'vitest';
import { evaluate, parseFeel } from './feel.ts';

const value = (text: string): unknown => evaluate(parseFeel(text, 'expression'), {});

test.each<[string, unknown]>([
  // a range that is closed by nothing is none
  ['4 in [2..null]', null],
  ['4 in [null..6]', null],
  ['4 in (null..6]', true],
  ['range("[..6]")', null],
  ['range("[2..]")', null],
  ['range("(..6]") = (<= 6)', true],
  // unequal is a test as good as any
  ['4 in != 5', true],
  ['4 in (!= 4)', false],
  ['"a" in (!= "a", "b")', false],
  ['"a" in (!= "b", "c")', true],
  // types of contexts: each entry is there, wherever the context is
  ['[{name: "Li"}] instance of list<context<name: string, age: number>>', false],
  ['[{name: "Li", age: null}] instance of list<context<name: string, age: number>>', true],
  ['{at: {x: 1}} instance of context<at: context<y: number>>', false],
  // types of functions: wider parameters, a narrower result
  ['(function(a: number) a > 1) instance of function<number> -> boolean', true],
  ['(function(a: number) a > 1) instance of function<number> -> Any', true],
  ['(function(a: number) a + 1) instance of function<number> -> string', false],
  ['(function(a: number) "x") instance of function<string> -> string', false],
  ['(function(a) "x") instance of function<string> -> string', true],
  ['(function(a) "x") instance of function<string, string> -> string', false],
  [
    '(function(a: context<x: number>) {y: a.x}) instance of function<context<x: number, z: number>> -> Any',
    true,
  ],
  [
    '(function(a: context<x: number, z: number>) 1) instance of function<context<x: number>> -> number',
    false,
  ],
  ['(function() [1, 2]) instance of function<> -> list<number>', true],
  ['(function() [1, "x"]) instance of function<> -> list<number>', false],
  ['(function() date("2026-01-01")) instance of function<> -> date', true],
  ['(function() {a: 1, b: "x"}) instance of function<> -> context<b: string>', true],
])('%s', (text, expected) => {
  expect(value(text)).toEqual(expected);
});
