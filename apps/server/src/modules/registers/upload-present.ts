import type {
  RegisterInspection,
  RegisterMapping,
  RegisterUpload,
  RegisterUploadDetail,
} from '@wanmi/contracts';
import { firstSign, isOfCity, namesPeople, remarkText, type Inspection } from '#modules/importing';
import { maskPersonal } from '#platform/personal';
import type { UploadRow } from './upload-repo.ts';
import { may } from './uploads.ts';

/** Of all columns together; of a table of hundreds each shows fewer. */
const MOST_WORDS = 3000;
const LEAST_WORDS = 6;

/** What is kept of a look through a file: cells of a person's are not in it. */
export function toInspection({
  file,
  sheets,
  sampled,
  odd,
  columns,
  unsure,
}: Inspection): RegisterInspection {
  const words = Math.max(LEAST_WORDS, Math.floor(MOST_WORDS / columns.length));
  return {
    encoding: file.encoding,
    delimiter: file.delimiter,
    headingRow: file.headingRow,
    sheets: sheets && [...sheets],
    sampled,
    odd,
    columns: columns.map(({ name, kind, filled, distinct, formats, from, to, top, samples, role }) => {
      const hides =
        role === 'reporterName' || role === 'reporterPhone' || (role === null && namesPeople(name));
      const shown = (cell: string): string =>
        hides ? firstSign(cell.toWellFormed()) : maskPersonal(cell.toWellFormed().replaceAll('\0', ''));
      return {
        name,
        kind,
        filled,
        distinct,
        formats: formats.map(({ format }) => format),
        from: hides || from === null ? null : maskPersonal(from),
        to: hides || to === null ? null : maskPersonal(to),
        samples: samples.map(shown),
        words:
          hides || (kind !== 'word' && kind !== 'flag')
            ? []
            : top.slice(0, words).map(({ value, rows }) => ({ value: shown(value), rows })),
      };
    }),
    unsure: unsure.filter((line) => !isOfCity(line)).map(remarkText),
  };
}

export function toUpload(row: UploadRow): RegisterUpload {
  const { id, fileName, fileBytes, state, problem, total, read, share, batchId, trial } = row;
  const isBusy = state === 'inspecting' || state === 'trying' || state === 'importing';
  const seconds = (row.updatedAt.getTime() - row.beganAt.getTime()) / 1000;
  const gone = share - row.beganShare;
  const paced = isBusy && seconds > 0.5 && gone > 0 ? gone / seconds : null;
  return {
    id,
    fileName,
    fileBytes,
    state,
    problem,
    total,
    read,
    share: state === 'done' || state === 'tried' ? 1 : Math.min(1, Math.max(0, share)),
    perSecond: paced === null || total === null || state === 'inspecting' ? null : paced * total,
    secondsLeft: paced === null ? null : Math.max(0, (1 - share) / paced),
    startedAt: row.startedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    batchId,
    mayMap: may('map', row),
    mayTry: may('try', row),
    mayImport: may('import', row),
    mayPause: may('pause', row),
    mayGoOn: may('goOn', row),
    mayCancel: may('cancel', row),
    trial,
  };
}

export const toUploadDetail = (row: UploadRow): RegisterUploadDetail => ({
  ...toUpload(row),
  inspection: row.inspection,
  mapping: row.mapping as RegisterMapping | null,
});
