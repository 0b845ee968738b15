import type { Background } from '#platform/http';
import type { Platform } from '#platform/platform';
import { transferLoop } from './jobs.ts';

export { routes } from './routes.ts';
export { exportCity, type ExportPlan, type Manifest } from './export.ts';
export { packFolder } from './pack.ts';
export { verifyExport, type ExportProof } from './verify-export.ts';
export { templateName, templateOf, TEMPLATE_FORMATS, type TemplateFormat } from './template.ts';
export { transferLoop, workOff, type TransferLoop } from './jobs.ts';
export { begin, confirmImport, rejectCsv, toBatch, undoImport } from './service.ts';
export { actorOfPost, runTransfer, type Progress } from './run.ts';
export { listTransfers, readTransfer, type TransferRow } from './repo.ts';
export { mayImport } from './policy.ts';
export { underLock } from './lock.ts';

/** A worker reads what was uploaded and writes what was asked for. */
export function workerBackground(platform: Platform): readonly Background[] {
  const loop = transferLoop(platform);
  return [{ start: async () => loop.start(), stop: () => loop.stop() }];
}
