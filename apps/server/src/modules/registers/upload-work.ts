import { setTimeout as delay } from 'node:timers/promises';
import type { RegisterTrial } from '@wanmi/contracts';
import {
  importCases,
  inspectFile,
  masker,
  openFile,
  type ImportResult,
  type Mapping,
  type Reject,
} from '#modules/importing';
import { cityOf } from '#modules/org';
import { underLock } from '#modules/transfer';
import { toProblem } from '#platform/errors';
import { isTransient, startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { toInspection } from './upload-present.ts';
import { toReject } from './present.ts';
import {
  expiredUploads,
  forgetUpload,
  lockExpired,
  moveUpload,
  readUpload,
  setUpload,
  setUploadBatch,
  stateOfUpload,
  waitingUploads,
  type UploadRow,
} from './upload-repo.ts';
import { endBatch, KEEP_MS } from './uploads.ts';

const INTERVAL_MS = 500;
const CARE_MS = 3_600_000;
const LOOK_MS = 400;
const SHOWN_REJECTS = 50;

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: { read: number }) => void;
  readonly batchSize?: number;
}

/** Carries out what an upload waits for; nothing where another process is at it. */
export async function workOnUpload(
  platform: Platform,
  id: string,
  options: UploadOptions = {},
): Promise<boolean> {
  return underLock(platform, id, async () => {
    const upload = await readUpload(platform.db, id);
    if (!upload) return;
    const work = { inspecting: inspect, trying: tryOut, importing: bringIn }[upload.state as 'trying'];
    if (!work) return;
    const watch = watcher(platform, upload, options);
    try {
      await work(platform, upload, watch);
    } catch (error) {
      await fail(platform, upload, error, watch.signal);
    } finally {
      await watch.end();
    }
  });
}

interface Watch {
  readonly signal: AbortSignal;
  readonly options: UploadOptions;
  progress(read: number, share: number): void;
  end(): Promise<void>;
}

/** Tells how far it is, and stops the work as soon as somebody has stopped the upload. */
function watcher(platform: Platform, { id, state }: UploadRow, options: UploadOptions): Watch {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  let said: { read: number; share: number } | null = null;
  let anew = true;
  const tell = async (): Promise<void> => {
    if (said === null) return;
    const now = said;
    said = null;
    await moveUpload(platform.db, id, { ...now, at: platform.clock.now(), anew });
    anew = false;
  };
  const look = async (): Promise<void> => {
    while (!signal.aborted) {
      await delay(LOOK_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await tell();
        if ((await stateOfUpload(platform.db, id)) !== state) stop.abort();
      } catch (error) {
        // The next look may succeed: whoever presses pause then must be heard.
        platform.log.warn({ err: error, uploadId: id }, 'how far an upload is could not be told');
      }
    }
  };
  const looking = look();
  return {
    signal,
    options,
    progress: (read, share) => (said = { read, share }),
    end: async () => {
      stop.abort();
      await looking;
    },
  };
}

async function inspect(platform: Platform, upload: UploadRow, watch: Watch): Promise<void> {
  const { db, clock, blobs } = platform;
  const city = await cityOf(platform, upload.cityId);
  const [west, south, east, north] = city.bounds ?? [];
  const near = west === undefined ? undefined : { lon: (west + east!) / 2, lat: (south! + north!) / 2 };
  const found = await inspectFile(
    blobs.path(upload.sha256 ?? ''),
    { name: upload.fileName, timeZone: city.timeZone, near },
    { signal: watch.signal, onProgress: (share) => watch.progress(0, share) },
  );
  const { city: _city, ...mapping } = found.mapping;
  const inspection = toInspection(found);
  await setUpload(db, upload.id, ['inspecting'], 'ready', clock.now(), {
    inspection,
    mapping,
    total: found.rows,
  });
}

/** The file as its mapping reads it. */
const sourceOf = ({ blobs }: Platform, { sha256, fileName, mapping }: UploadRow) =>
  openFile(blobs.path(sha256 ?? ''), { ...(mapping as Mapping).file, name: fileName });

async function tryOut(platform: Platform, upload: UploadRow, watch: Watch): Promise<void> {
  const mapping = upload.mapping as Mapping;
  const file = await sourceOf(platform, upload);
  const rejects: Reject[] = [];
  const result = await importCases(platform, {
    cityId: upload.cityId,
    file,
    mapping,
    dry: true,
    by: upload.personId,
    signal: watch.signal,
    onProgress: ({ read, share }) => watch.progress(read, shareOf(upload, read, share)),
    onReject: (reject) => void (rejects.length < SHOWN_REJECTS && rejects.push(reject)),
  });
  const mask = masker({ columns: file.columns, mapping });
  const trial: RegisterTrial = {
    ...summaryOf(result),
    rejects: rejects.map((one) => toReject(file.columns, mask(one))),
  };
  await setUpload(platform.db, upload.id, ['trying'], 'tried', platform.clock.now(), {
    trial,
    read: result.read,
    total: result.read,
  });
}

/** Of a workbook only its rows tell how far it is. */
const shareOf = ({ total }: UploadRow, read: number, share: number): number =>
  total ? Math.min(1, read / total) : share;

function summaryOf({
  read,
  accepted,
  already,
  rejected,
  warned,
  counts,
  made,
}: ImportResult): Omit<RegisterTrial, 'rejects'> {
  const of = (prefix: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(counts)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, n]) => [name.slice(prefix.length), n]),
    );
  return {
    read,
    accepted,
    already,
    rejected,
    remarked: warned,
    reasons: of('reject:'),
    remarks: of('warning:'),
    marks: of('mark:'),
    units: made.unit,
    categories: made.category,
  };
}

async function bringIn(platform: Platform, upload: UploadRow, watch: Watch): Promise<void> {
  const { db, clock } = platform;
  const file = await sourceOf(platform, upload);
  const { batchSize } = watch.options;
  try {
    const result = await importCases(platform, {
      cityId: upload.cityId,
      file,
      mapping: upload.mapping as Mapping,
      by: upload.personId,
      signal: watch.signal,
      ...(batchSize === undefined ? {} : { batchSize }),
      onBatch: (batchId) => setUploadBatch(db, upload.id, batchId),
      onProgress: ({ read, share }) => {
        watch.progress(read, shareOf(upload, read, share));
        watch.options.onProgress?.({ read });
      },
    });
    await setUpload(db, upload.id, ['importing', 'paused'], 'done', clock.now(), {
      read: result.read,
      total: result.read,
    });
  } finally {
    // Whoever stopped it may have done so in the moment when its batch began.
    if ((await stateOfUpload(db, upload.id)) === 'cancelled') await endBatch(platform, upload);
  }
}

async function fail(
  platform: Platform,
  { id, state }: UploadRow,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || (await stateOfUpload(platform.db, id)) !== state) return;
  if (isTransient(error)) throw error;
  const { code } = toProblem(error);
  const known = code === 'internal' && (error as Error).name === 'MappingError' ? 'import.mapping' : code;
  if (known === 'internal')
    platform.log.error({ err: error, uploadId: id }, 'an upload of a register failed');
  await setUpload(platform.db, id, [state], 'failed', platform.clock.now(), { problem: known });
}

/** Everything that waits now; false: nothing did. */
export async function workOffUploads(platform: Platform, signal?: AbortSignal): Promise<boolean> {
  let worked = false;
  for (const { id } of await waitingUploads(platform.db)) {
    if (signal?.aborted) break;
    worked = (await workOnUpload(platform, id, { signal })) || worked;
  }
  return worked;
}

/** Files whose time is over; what became of their rows stays. */
export async function eraseUploads(platform: Platform): Promise<number> {
  const before = new Date(platform.clock.now() - KEEP_MS);
  const expired = await expiredUploads(platform.db, before);
  let erased = 0;
  for (const { id } of expired) {
    // One after the other: of two with the same bytes the first leaves the file to the second.
    const was = await platform.db.transaction().execute(async (trx) => {
      const file = await lockExpired(trx, id, before);
      if (!file) return null;
      if (!file.shared) await platform.blobs.remove(file.sha256);
      await forgetUpload(trx, id, platform.clock.now());
      return file.state;
    });
    if (was === null) continue;
    erased += 1;
    const upload = await readUpload(platform.db, id);
    // One that was paused and forgotten: nobody's import waits for it.
    if (upload && was === 'paused') await endBatch(platform, upload);
  }
  return erased;
}

/** Looks for what was sent, and for what a killed process left. */
export function uploadLoop(platform: Platform): { start(): void; wake(): void; stop(): Promise<void> } {
  let loop: Loop | null = null;
  let cared = -Infinity;
  const stopping = new AbortController();
  return {
    start() {
      loop ??= startLoop(platform.log, 'register uploads', async () => {
        if (await workOffUploads(platform, stopping.signal)) return 0;
        if (performance.now() - cared > CARE_MS) {
          await eraseUploads(platform);
          cared = performance.now();
        }
        return INTERVAL_MS;
      });
    },
    wake: () => loop?.wake(),
    async stop() {
      stopping.abort();
      await loop?.stop();
      loop = null;
    },
  };
}
