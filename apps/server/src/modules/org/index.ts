export { routes } from './routes.ts';
export { signOn } from './sessions.ts';
export {
  cityOf,
  currentUnitId,
  forgetDirectory,
  isHeld,
  postNames,
  postsFor,
  regionsOf,
  unitsOf,
} from './directory.ts';
export type { CityInfo, PostHolder, PostName, RegionInfo, UnitInfo } from './directory.ts';
export {
  createCity,
  createPerson,
  createPost,
  createRegion,
  createRole,
  createUnit,
  seedRoles,
} from './create.ts';
export type { Area } from './create.ts';
export { actingFor, collectorOfGrid, provideAtWork } from './at-work.ts';
export type { AtWork } from './at-work.ts';
export { holdersOf, runsUnit, unitsInReach } from './holders.ts';
export type { Holder, HolderFilter } from './holders.ts';
export { onOrgChange } from './changes.ts';
export type { OrgChange, OrgListener } from './changes.ts';
export { setPassword } from './staff.ts';
export { forgetOrg, Move } from './units.ts';
export { directoryOf } from './directory.ts';
export { endSessions, forgetSessions } from './sessions.ts';
