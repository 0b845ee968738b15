export {
  advanceBatch,
  BATCH_KINDS,
  BATCH_STATES,
  finishBatch,
  openBatch,
  rejectFile,
  rejectHeading,
  rejectLine,
  type Batch,
  type BatchAsk,
  type BatchCounts,
  type BatchKind,
  type BatchMode,
  type BatchState,
  type Reject,
} from './batch.ts';
export {
  findBatch,
  knownRows,
  listBatches,
  rejectsAfter,
  rememberRows,
  runningBatch,
  setBatchState,
  setColumns,
  setTotal,
  type TakenRow,
} from './batch-repo.ts';
export { delimiterOf, openFile, type SourceFile } from './file.ts';
export { Mapping, MappingError, parseMapping } from './mapping.ts';
export { endImport, importCases, type ImportAsk, type ImportProgress, type ImportResult } from './run.ts';
export { reportOf, type ImportReport } from './report.ts';
export {
  beginUndo,
  goOnUndoing,
  touchedCases,
  undoableBatch,
  undoBatch,
  vanishing,
  type Touched,
  type Undone,
  type UndoOptions,
  type Vanishing,
} from './undo.ts';
export { firstSign, masker, namesPeople } from './masking.ts';
export { inspectFile, type Inspection } from './inspect.ts';
export { RowReader } from './row.ts';
export { isOfCity, remarkText } from './remark-text.ts';
export type { ColumnProfile } from './column.ts';
export {
  adoptableBatch,
  adoptOpen,
  openCases,
  openIds,
  type AdoptAsk,
  type AdoptWhich,
  type OpenCases,
} from './adopt.ts';
