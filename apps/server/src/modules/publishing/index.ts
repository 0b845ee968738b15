export { MAX_ARCHIVE, packArchive, unpackArchive } from './archive.ts';
export { checkRules, isPublishable, type CheckOptions } from './check.ts';
export { diffFile, diffRules } from './diff.ts';
export {
  filesOf,
  hashOfSet,
  overlay,
  pathOf,
  placeOf,
  readRuleFolder,
  RuleSetError,
  type FileKind,
  type RuleSet,
} from './rule-set.ts';
export { rulesOf, type Rules } from './rules.ts';
