import { expect, test } from 'vitest';
import { parsePoint } from './parsePoint.ts';

test.each([
  ['113.02, 28.19', { lon: 113.02, lat: 28.19 }],
  ['113.02，28.19', { lon: 113.02, lat: 28.19 }],
  [' -71.06 42.36 ', { lon: -71.06, lat: 42.36 }],
  ['28.19, 113.02', null],
  ['113.02', null],
  ['人民路', null],
  ['181, 10', null],
])('%s', (text, point) => {
  expect(parsePoint(text)).toEqual(point);
});
