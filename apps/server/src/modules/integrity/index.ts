import type { DailyJob } from '#platform/jobs';
import { settleOutbox } from '#platform/outbox-care';
import { writeRoots } from './roots.ts';

export { routes } from './routes.ts';
export { type ChainFault, type ChainResult, verifyChain } from './chain.ts';
export {
  chainedRoot,
  type DailyRoot,
  exportRoots,
  listRoots,
  readRootFile,
  rootFile,
  writeRoots,
} from './roots.ts';
export { GrowingTree, headLeaf } from './tree.ts';
export { type CityFaults, verifyCity, verifyRoots } from './verify.ts';

/** Closes the log of each of the city's days, after its last command, with a root, in the database and outside of it. */
export const rootJob: DailyJob = {
  name: 'integrity.root',
  scope: 'city',
  async run(platform, { cityId, timeZone, from, to }) {
    await settleOutbox(platform, []);
    await writeRoots(platform, { cityId, timeZone }, { from, to });
  },
};
