import { expect, test } from 'vitest';
import { colours, cssVariables, type Colours, type Mode } from './tokens.ts';

const text: [keyof Colours, keyof Colours][] = [
  ['ink', 'surface'],
  ['ink', 'ground'],
  ['ink', 'primarySoft'],
  ['ink', 'sunken'],
  ['secondary', 'surface'],
  ['secondary', 'ground'],
  ['secondary', 'primarySoft'],
  ['secondary', 'sunken'],
  ['placeholder', 'surface'],
  ['primaryInk', 'surface'],
  ['primaryInk', 'ground'],
  ['primaryInk', 'primarySoft'],
  ['onPrimary', 'primary'],
  ['onPrimary', 'primaryHover'],
  ['danger', 'surface'],
  ['danger', 'dangerSoft'],
  ['mark', 'surface'],
  ['lampGreen', 'surface'],
  ['lampRed', 'surface'],
  ['lampRed', 'primarySoft'],
  ['lampRed', 'ground'],
  ['lampYellowInk', 'surface'],
  ['lampYellowInk', 'lampYellowSoft'],
  ['lampYellowInk', 'primarySoft'],
  ['mapLabel', 'mapLand'],
];
const shapes: [keyof Colours, keyof Colours][] = [
  ['lampGreen', 'surface'],
  ['lampYellow', 'surface'],
  ['lampRed', 'surface'],
  ['lampPaused', 'surface'],
  ['lineStrong', 'surface'],
  ['lampGreen', 'mapLand'],
  ['lampYellow', 'mapLand'],
  ['lampRed', 'mapLand'],
];

test.each(['light', 'dark'] as Mode[])('%s: text reads at 4.5:1, shapes at 3:1', (mode) => {
  const of = colours[mode];
  const weak = [
    ...text.filter(([a, b]) => contrast(of[a], of[b]) < 4.5),
    ...shapes.filter(([a, b]) => contrast(of[a], of[b]) < 3),
  ].map(([a, b]) => `${a} on ${b}: ${contrast(of[a], of[b]).toFixed(2)}`);
  expect(weak).toEqual([]);
});

test('both themes set the same variables', () => {
  expect(Object.keys(cssVariables('dark'))).toEqual(Object.keys(cssVariables('light')));
});

/** WCAG 2.2 contrast ratio. */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
