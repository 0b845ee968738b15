import type { Pool } from 'pg';
import { Together } from '#platform/together';
import {
  insertCase,
  insertCases,
  loadTask,
  loadTasks,
  writeCase,
  writeCases,
  type CaseWrite,
  type NewCase,
  type TaskAsk,
} from './repo.ts';
import type { Loaded } from './rows.ts';

interface Shared {
  readonly load: Together<TaskAsk, Loaded | null>;
  readonly loadToClose: Together<TaskAsk, Loaded | null>;
  readonly write: Together<CaseWrite, boolean>;
  readonly open: Together<NewCase, string>;
}

/** What commands that come at the same time do together, on each pool. */
const shared = new WeakMap<Pool, Shared>();

function sharedOf(pool: Pool): Shared {
  let found = shared.get(pool);
  if (!found) {
    const load = () =>
      new Together<TaskAsk, Loaded | null>({
        one: (ask) => loadTask(pool, ask),
        many: (asks) => loadTasks(pool, asks),
      });
    found = {
      load: load(),
      loadToClose: load(),
      write: new Together<CaseWrite, boolean>({
        one: ({ expectedSeq, state, task, writes }) => writeCase(pool, expectedSeq, state, task, writes),
        many: (all) => writeCases(pool, all),
        keyOf: ({ state }) => state.id,
      }),
      open: new Together<NewCase, string>({
        one: ({ state, ask, writes }) => insertCase(pool, state, ask, writes),
        many: (all) => insertCases(pool, all),
      }),
    };
    shared.set(pool, found);
  }
  return found;
}

/** As `loadTask`; where many ask at once, in one statement. */
export const loadTaskSoon = (pool: Pool, ask: TaskAsk): Promise<Loaded | null> =>
  ask.forClosing ? sharedOf(pool).loadToClose.do(ask) : sharedOf(pool).load.do(ask);

/** As `writeCase`; where many write at once, in one statement and one commit. */
export const writeCaseSoon = (pool: Pool, write: CaseWrite): Promise<boolean> =>
  sharedOf(pool).write.do(write);

/** As `insertCase`; where many are opened at once, in one statement, with their numbers in the order in which they came. */
export const openCaseSoon = (pool: Pool, made: NewCase): Promise<string> => sharedOf(pool).open.do(made);
