import { createHash } from 'node:crypto';
import type { RegisterMapping } from '@wanmi/contracts';
import { endImport, MappingError, parseMapping, RowReader, type Mapping } from '#modules/importing';
import { audit } from '#modules/audit';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { requireCity } from './orders.ts';
import {
  insertUpload,
  readUpload,
  setUpload,
  uploadOfKey,
  type UploadRow,
  type UploadState,
} from './upload-repo.ts';

/** New York's register of ten years is 20 GB as CSV and 3 GB packed; a city's of a year some hundred MB. */
export const MAX_REGISTER = 2 * 1024 ** 3;
/** A file may hold personal data: it is kept as long as somebody may still go on with it. */
export const KEEP_MS = 30 * 86_400_000;

/** Whose request it is. */
export interface Sender {
  readonly actor: Actor;
  readonly meta: CommandMeta;
}

/**
 * Takes a register; a worker looks it through. The same key again is the same upload.
 * @throws permission.denied, media.tooLarge, table.empty, idempotency.mismatch: the key was another file's
 */
export async function sendRegister(
  platform: Platform,
  { actor, meta }: Sender,
  { fileName, source }: { fileName: string; source: AsyncIterable<Uint8Array> },
): Promise<UploadRow> {
  requireCity(actor);
  const { key } = meta;
  const known = key === null ? null : await uploadOfKey(platform.db, actor.personId, key);
  if (known) {
    const hash = createHash('sha256');
    for await (const chunk of source) hash.update(chunk);
    return sameFile(known, hash.digest('hex'));
  }
  const stored = await platform.blobs.put(source, { maxBytes: MAX_REGISTER });
  if (stored.bytes === 0) throw problem('table.empty');
  const at = platform.clock.now();
  const upload = {
    id: uuidv7(at),
    cityId: actor.cityId,
    fileName: nameOf(fileName),
    fileBytes: stored.bytes,
    sha256: stored.sha256,
    personId: actor.personId,
    postId: actor.postId,
    key,
    at,
  };
  const isNew = await platform.db.transaction().execute(async (trx) => {
    if (!(await insertUpload(trx, upload))) return false;
    await recordUpload(trx, platform, { actor, meta }, 'register.upload', upload.id, { bytes: stored.bytes });
    return true;
  });
  return isNew
    ? (await readUpload(platform.db, upload.id))!
    : sameFile((await uploadOfKey(platform.db, actor.personId, key!))!, stored.sha256);
}

/** As far as the file of then is still known. */
function sameFile(known: UploadRow, sha256: string): UploadRow {
  if (known.sha256 !== null && known.sha256 !== sha256) throw problem('idempotency.mismatch');
  return known;
}

/** What a name may hold on a screen and in a header: no path, no control characters. */
const nameOf = (name: string): string =>
  name
    .replace(/^.*[/\\]/, '')
    .replaceAll(/[\p{Cc}"]/gu, '')
    .toWellFormed()
    .slice(0, 120) || 'register';

/** An upload of the actor's city. @throws permission.denied, notFound */
export async function foundUpload({ db }: Platform, actor: Actor, id: string): Promise<UploadRow> {
  requireCity(actor);
  const upload = await readUpload(db, id);
  if (!upload || upload.cityId !== actor.cityId) throw problem('notFound');
  return upload;
}

/** What may be done with it next, by its state. */
export const MAY = {
  map: ['ready', 'tried'],
  try: ['ready', 'tried'],
  import: ['tried'],
  pause: ['importing'],
  goOn: ['paused'],
  cancel: ['inspecting', 'ready', 'trying', 'tried', 'importing', 'paused', 'failed'],
} as const satisfies Record<string, readonly UploadState[]>;

/** What failed while it was tried or brought in was looked through: with its file it can be mapped and tried again. */
export const may = (act: keyof typeof MAY, { state, stage, sha256 }: UploadRow): boolean =>
  (MAY[act] as readonly UploadState[]).includes(state) ||
  (state === 'failed' &&
    sha256 !== null &&
    ((stage !== 'inspecting' && (act === 'map' || act === 'try')) ||
      (stage === 'importing' && act === 'import')));

const FAILED_TOO: readonly UploadState[] = ['failed'];

/**
 * Another mapping of the same file; what was tried with the one before counts no longer.
 * @throws import.state, import.mapping
 */
export async function mapUpload(
  platform: Platform,
  sender: Sender,
  id: string,
  said: RegisterMapping,
): Promise<UploadRow> {
  const upload = await foundUpload(platform, sender.actor, id);
  if (!may('map', upload) || !upload.inspection) throw problem('import.state', { batch: id });
  const mapping = checkedMapping(said, upload, platform.clock.now());
  await step(platform, sender, upload, 'map', [...MAY.map, ...FAILED_TOO], 'ready', { mapping, trial: null });
  return (await readUpload(platform.db, id))!;
}

/** @throws import.mapping with its faults */
function checkedMapping(said: RegisterMapping, { inspection, mapping }: UploadRow, now: number): Mapping {
  try {
    const checked = parseMapping('the mapping', JSON.stringify(said));
    const columns = inspection!.columns.map(({ name }) => name);
    const { timeZone = 'UTC' } = mapping as Mapping;
    void new RowReader(checked, columns, timeZone, now);
    // Which city it is of says the person's, not the file.
    const { city: _city, ...rest } = checked;
    return rest;
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    throw problem('import.mapping', { faults: error.faults.join('; ').slice(0, 2000) });
  }
}

/** @throws import.state, import.expired */
export async function tryUpload(platform: Platform, sender: Sender, id: string): Promise<UploadRow> {
  const upload = await foundUpload(platform, sender.actor, id);
  if (upload.state === 'trying') return upload;
  if (!may('try', upload)) throw problem('import.state', { batch: id });
  await requireFile(platform, upload);
  await step(platform, sender, upload, 'try', [...MAY.try, ...FAILED_TOO], 'trying', { trial: null });
  return (await readUpload(platform.db, id))!;
}

/** Brings in what was tried. @throws import.state, import.expired */
export async function importUpload(platform: Platform, sender: Sender, id: string): Promise<UploadRow> {
  const upload = await foundUpload(platform, sender.actor, id);
  if (upload.state === 'importing') return upload;
  if (!may('import', upload)) throw problem('import.state', { batch: id });
  await requireFile(platform, upload);
  await step(platform, sender, upload, 'import', [...MAY.import, ...FAILED_TOO], 'importing');
  return (await readUpload(platform.db, id))!;
}

/** @throws import.state */
export async function pauseUpload(platform: Platform, sender: Sender, id: string): Promise<UploadRow> {
  const upload = await foundUpload(platform, sender.actor, id);
  if (upload.state !== 'paused') await step(platform, sender, upload, 'pause', MAY.pause, 'paused');
  return (await readUpload(platform.db, id))!;
}

/** @throws import.state, import.expired */
export async function goOnUpload(platform: Platform, sender: Sender, id: string): Promise<UploadRow> {
  const upload = await foundUpload(platform, sender.actor, id);
  if (upload.state === 'importing') return upload;
  await requireFile(platform, upload);
  await step(platform, sender, upload, 'goOn', MAY.goOn, 'importing');
  return (await readUpload(platform.db, id))!;
}

/**
 * Stops it for good; what came in stays, counts, and can be taken back. One that failed is put away.
 * @throws import.state
 */
export async function cancelUpload(platform: Platform, sender: Sender, id: string): Promise<UploadRow> {
  const upload = await foundUpload(platform, sender.actor, id);
  if (upload.state === 'cancelled') return upload;
  await step(platform, sender, upload, 'cancel', MAY.cancel, 'cancelled');
  await endBatch(platform, upload);
  return (await readUpload(platform.db, id))!;
}

/** The batch of one that was stopped ends too; a worker that is at it finds that out by its next lot. */
export async function endBatch(platform: Platform, { id, cityId }: UploadRow): Promise<void> {
  const now = await readUpload(platform.db, id);
  if (!now?.batchId) return;
  await endImport(platform, { cityId, batchId: now.batchId, state: 'cancelled', by: now.personId }).catch(
    (error: unknown) => {
      // It had just come to its end.
      if ((error as { code?: string }).code !== 'import.state') throw error;
    },
  );
}

async function step(
  platform: Platform,
  sender: Sender,
  { id }: UploadRow,
  act: string,
  from: readonly UploadState[],
  to: UploadState,
  change: Parameters<typeof setUpload>[5] = {},
): Promise<void> {
  const at = platform.clock.now();
  await platform.db.transaction().execute(async (trx) => {
    if (!(await setUpload(trx, id, from, to, at, change))) throw problem('import.state', { batch: id });
    await recordUpload(trx, platform, sender, `register.${act}`, id);
  });
}

async function requireFile({ blobs }: Platform, { sha256 }: UploadRow): Promise<void> {
  if (sha256 === null || !(await blobs.has(sha256))) throw problem('import.expired');
}

/** Ids and numbers; names of files may be anything. */
export function recordUpload(
  db: Db | Trx,
  platform: Platform,
  { actor, meta: { requestId, ip } }: Sender,
  action: string,
  id: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  return audit(db, platform, {
    actor,
    cityId: actor.cityId,
    action,
    entity: 'register_upload',
    entityId: id,
    outcome: 'ok',
    requestId,
    ip,
    detail,
  });
}
