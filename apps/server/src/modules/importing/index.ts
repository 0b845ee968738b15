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
  setTotal,
  type TakenRow,
} from './batch-repo.ts';
export { delimiterOf, openFile, type SourceFile } from './file.ts';
export { Mapping, MappingError, parseMapping } from './mapping.ts';
export { importCases, type ImportAsk, type ImportProgress, type ImportResult } from './run.ts';
export { reportOf, type ImportReport } from './report.ts';
export { undoBatch, type Undone } from './undo.ts';
export { inspectFile, type Inspection } from './inspect.ts';
export type { ColumnProfile } from './column.ts';
export { adoptOpen, type AdoptAsk } from './adopt.ts';
