import { describe, expect, test } from 'vitest';
import { requireOfCity } from './memory.ts';

describe('a statement that a run hands on to the database', () => {
  test.each([
    ['select * from grid where id = $1'],
    ['/*= duty.absent */ select post_id from absence where post_id = any($1)'],
    ['select id from rule_version r join city c on c.id = r.city_id'],
    // Names that only begin like one of them
    ['select 1 from task_rule join media_kind k on true'],
    ['select n.case_count from numbering n'],
  ])('may ask after the city: %s', (text) => {
    expect(() => requireOfCity(text)).not.toThrow();
  });

  test.each([
    ['select 1 from "case" c where c.id = $1', 'case'],
    ['select count(*) from task t', 'task'],
    ['/*= cases.marks */ select * from grid g\n  join case_mark m on m.case_id = g.id', 'case_mark'],
    ['select m.id from media m join post p on p.id = m.post_id', 'media'],
    ['delete from timer where task_id = $1', 'timer'],
    ['select * from only "assignment" a', 'assignment'],
  ])('may not ask after what is not written yet: %s', (text, table) => {
    expect(() => requireOfCity(text)).toThrow(`it asks after "${table}"`);
  });

  test('is named by its name', () => {
    expect(() => requireOfCity('/*= cases.marks */ select 1 from case_mark')).toThrow(
      'a run in memory has no answer to cases.marks',
    );
  });
});
