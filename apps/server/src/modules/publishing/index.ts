export { routes } from './routes.ts';
export { MAX_ARCHIVE, packArchive, unpackArchive } from './archive.ts';
export { catalogOfFiles } from './catalog-of-files.ts';
export { checkRules, isPublishable, type CheckOptions } from './check.ts';
export { diffFile, diffRules } from './diff.ts';
export { checkDraft, makeDraft, provideTried, publishDraft, type DraftPlan } from './drafts.ts';
export { deleteDraft, draftFiles, insertDraft, readDraft, type DraftRow } from './draft-repo.ts';
export { rulesInForce, type RulesInForce } from './export.ts';
export {
  installRules,
  publishRules,
  refusedFor,
  takeEffect,
  type Installing,
  type Publishing,
} from './publish.ts';
export { publishingLoop } from './jobs.ts';
export { onCalendarsPublished, tellCalendars, type CalendarsListener } from './recompute.ts';
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
export { cityActor } from './routing.ts';
export { isFault, readTableText, tableLine } from './table-text.ts';
export { groundOf } from './store.ts';
export { draftOfUpgrade, upgradeOf } from './upgrade.ts';
export { rulesOf, type DepartmentRule, type Rules } from './rules.ts';
