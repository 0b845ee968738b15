import type { FeelDuration } from 'feelin';
import type { FunctionTable, Signature } from './feel-functions.ts';
import {
  compareNumbers,
  decimal,
  type FeelNumber,
  integerOf,
  modulo,
  negate,
  type Rounding,
  round,
  short,
} from './feel-number.ts';
import { absolute } from './feel-temporal.ts';

const rounding = (mode: Rounding, scale: 'number' | 'number?'): Signature[] => [
  {
    parameters: ['n: number', `scale: ${scale}`],
    call: (n: FeelNumber, places?: FeelNumber | null) => {
      if (places === null) return null;
      const whole = places === undefined ? 0 : integerOf(decimal(places).trunc());
      return whole === null || whole < -6111 || whole > 6176 ? null : round(n, whole, mode);
    },
  },
];

export const numberFunctions: FunctionTable = {
  decimal: rounding('halfEven', 'number'),
  floor: rounding('floor', 'number?'),
  ceiling: rounding('ceiling', 'number?'),
  'round up': rounding('up', 'number'),
  'round down': rounding('down', 'number'),
  'round half up': rounding('halfUp', 'number'),
  'round half down': rounding('halfDown', 'number'),
  abs: [
    { parameters: ['n: number'], call: (n: FeelNumber) => (compareNumbers(n, 0) < 0 ? negate(n) : n) },
    { parameters: ['n: duration'], call: (n: FeelDuration) => absolute(n) },
  ],
  modulo: [{ parameters: ['dividend: number', 'divisor: number'], call: modulo }],
  sqrt: [{ parameters: ['number: number'], call: (n: FeelNumber) => short(decimal(n).sqrt()) }],
  log: [{ parameters: ['number: number'], call: (n: FeelNumber) => short(decimal(n).ln()) }],
  exp: [{ parameters: ['number: number'], call: (n: FeelNumber) => short(decimal(n).exp()) }],
  odd: [{ parameters: ['number: number'], call: (n: FeelNumber) => parity(n, 1) }],
  even: [{ parameters: ['number: number'], call: (n: FeelNumber) => parity(n, 0) }],
};

function parity(n: FeelNumber, rest: number): boolean | null {
  const value = decimal(n);
  return value.isInteger() ? value.mod(2).abs().eq(rest) : null;
}
