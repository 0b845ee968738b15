import { expect, test } from 'vitest';
import { card, task } from '../../../test/world.ts';
import { allTasks, newcomers, withoutTask, withTask, type TaskPages } from './liveTasks.ts';

const [a, b, c] = [task(), task(), task()];
const pages: TaskPages = {
  pages: [
    { items: [a, b], next: 'x' },
    { items: [b, c], next: null },
  ],
  pageParams: [null, 'x'],
};

test('a row that two pages carry stands once', () => {
  expect(allTasks(pages).map((one) => one.id)).toEqual([a.id, b.id, c.id]);
});

test('a changed row changes where it stands', () => {
  const changed = { ...b, version: 9, case: card({ address: '新地址' }) };
  expect(allTasks(withTask(pages, changed)).map((one) => one.version)).toEqual([3, 9, 3]);
});

test('a row that was done is taken out, the others stay in order', () => {
  expect(allTasks(withoutTask(pages, b.id)).map((one) => one.id)).toEqual([a.id, c.id]);
});

test('newcomers are counted, not shown', () => {
  expect(newcomers([a, b], [task(), a, task()])).toBe(2);
  expect(newcomers([a, b], [b])).toBe(0);
});
