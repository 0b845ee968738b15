export { routes } from './routes.ts';
export { catalogOf, invalidateCatalog } from './catalogue.ts';
export { noContext } from './choices.ts';
export { offersSamePeriod } from './dispatch-choices.ts';
export { ASKED, decisionFor } from './decisions.ts';
export { compileForm, formFaults, type JsonSchema } from './forms.ts';
export { formFor, validateForm } from './form-service.ts';
export { Heirs } from './heirs.ts';
export { buildManual, limitFor, manualFor, type ManualAnswer, type ManualQuestion } from './manual.ts';
export type {
  Catalog,
  CatalogCategory,
  CatalogCondition,
  CatalogData,
  CatalogSource,
  CatalogUnit,
  LimitValue,
  StageLimit,
} from './model.ts';
export {
  compileNumbering,
  isNumberOf,
  NumberingFile,
  numberFor,
  type NumberFrame,
  type Numbering,
} from './numbering.ts';
export { conditionInfo } from './present.ts';
export { readHeirs } from './repo.ts';
export { withQuestions } from './questions.ts';
export { warmUp } from './warm-up.ts';
export { nameDrawn } from './words.ts';
export {
  MAIN_PROCESS,
  processCodeFor,
  processFor,
  processInForce,
  processOf,
  type ProcessInForce,
} from './rules.ts';
export { departmentsAcross, departmentsFor, type Dispatching, type FormContext } from './unit-choices.ts';
