import type { RegisterTrial, RegisterUpload, RegisterUploadDetail } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { useText } from '../../shared/i18n/text.ts';
import { sizeText } from '../../shared/size.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Reasons, RowCounts } from './Counts.tsx';
import { FileHead } from './FileHead.tsx';
import { Opened } from './Opened.tsx';
import { isComing, isUploadBusy, TRANSFER, uploadQuery } from './queries.ts';
import styles from './transfer.module.css';
import { UploadMapping } from './UploadMapping.tsx';
import { UploadPace, UploadStanding } from './Uploads.tsx';
import { codeText } from './words.ts';

/** A register that was sent: how far it is, how its columns are read, what a try came to, what may be done next. */
export function Upload({ id }: { id: string }) {
  return <Opened one={useQuery(uploadQuery(id))}>{(upload) => <Known upload={upload} />}</Opened>;
}

const SIGNS = { '\t': 'tab', ',': 'comma', ';': 'semicolon', '|': 'bar' } as const;

function Known({ upload }: { upload: RegisterUploadDetail }) {
  const { t } = useTranslation('transfer');
  const text = useText();
  const format = useFormat();
  const [dirty, setDirty] = useState(false);
  const signOf = (sign: string): string =>
    sign in SIGNS ? t(`upload.sign.${SIGNS[sign as keyof typeof SIGNS]}`) : sign;
  const { state, inspection, mapping, trial, batchId } = upload;
  return (
    <>
      <FileHead
        name={upload.fileName}
        state={{ code: state, word: t(`upload.state.${state}`) }}
        said={`${sizeText(upload.fileBytes)} · ${format.instant(upload.startedAt)}`}
      />
      {isUploadBusy(upload) && (
        <UploadPace upload={upload}>
          <p className={styles.quiet}>{t('cases.order.background')}</p>
        </UploadPace>
      )}
      <UploadStanding upload={upload} />
      {state === 'cancelled' && <p role="status">{t(batchId ? 'upload.stopped' : 'upload.cancelled')}</p>}
      {state === 'done' && <p role="status">{t('upload.done')}</p>}
      {batchId !== null && !isComing(upload) && (
        <p>
          <Link to="/transfer" search={{ tab: 'cases', batch: batchId }}>
            {t('upload.toRegister')}
          </Link>
        </p>
      )}
      {/* Once rows come in, what a try came to is past. */}
      {trial && batchId === null && <Trial trial={trial} />}
      <Actions upload={upload} dirty={dirty} />
      {inspection && (
        <section aria-label={t('upload.found')}>
          {/* How it was read counts no more while it is brought in. */}
          <details className={styles.found} open={batchId === null}>
            <summary>
              <h3 className={styles.title}>{t('upload.found')}</h3>
            </summary>
            <div className={styles.rejects}>
              <p className={styles.quiet}>
                {[
                  inspection.sheets
                    ? t('upload.sheets', { names: inspection.sheets.join(' · ') })
                    : `${inspection.encoding.toUpperCase()} · ${t('upload.delimiter', { sign: signOf(inspection.delimiter) })}`,
                  inspection.headingRow === 0
                    ? t('upload.noHeading')
                    : t('upload.headingRow', { n: inspection.headingRow }),
                  ...(upload.total === null ? [] : [t('rows', { n: format.number(upload.total) })]),
                ].join(' · ')}
              </p>
              {inspection.unsure.length > 0 && (
                <details open>
                  <summary>{t('upload.unsure', { n: format.number(inspection.unsure.length) })}</summary>
                  <ul className={styles.unsure}>
                    {inspection.unsure.map((one) => (
                      <li key={one.en}>{text(one)}</li>
                    ))}
                  </ul>
                </details>
              )}
              {mapping && (
                <UploadMapping
                  key={JSON.stringify(mapping)}
                  upload={upload}
                  inspection={inspection}
                  mapping={mapping}
                  onDirty={setDirty}
                />
              )}
            </div>
          </details>
        </section>
      )}
    </>
  );
}

function Trial({ trial }: { trial: RegisterTrial }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  return (
    <section className={styles.card} aria-label={t('upload.trial')}>
      <h3 className={styles.title}>{t('upload.trial')}</h3>
      <RowCounts of={trial} />
      <p className={styles.quiet}>
        {t('upload.made', { units: format.number(trial.units), categories: format.number(trial.categories) })}
      </p>
      <Reasons title={t('reasons')} counts={trial.reasons} />
      <Reasons title={t('cases.remarks')} counts={trial.remarks} />
      <Reasons title={t('cases.report.marks')} counts={trial.marks} />
      {trial.rejects.length > 0 && (
        <details>
          <summary>{t('upload.firstRejects', { n: format.number(trial.rejects.length) })}</summary>
          <ul className={styles.unsure}>
            {trial.rejects.map(({ row, line, reason, field, cells }) => (
              <li key={row}>
                <strong>
                  {t('line')} {format.number(line)}
                </strong>{' '}
                {codeText(reason)}
                {field !== null &&
                  ` · ${t(`upload.field.${field}` as 'upload.field.id', { defaultValue: field })}`}
                <br />
                <span className={styles.quiet}>
                  {Object.entries(cells)
                    .filter(([, cell]) => cell !== '')
                    .slice(0, 12)
                    .map(([name, cell]) => `${name}: ${cell}`)
                    .join(' · ')}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Actions({ upload, dirty }: { upload: RegisterUpload; dirty: boolean }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const send = useSend<RegisterUpload>([TRANSFER]);
  const act = (verb: string) => send.mutate({ path: `/transfer/uploads/${upload.id}/${verb}` });
  const { mayTry, mayImport, mayPause, mayGoOn, mayCancel, trial } = upload;
  if (!mayTry && !mayImport && !mayPause && !mayGoOn && !mayCancel) return null;
  const takes = trial ? trial.accepted : 0;
  return (
    <>
      <div className={styles.actions}>
        {mayImport && (
          <Button
            type="primary"
            disabled={dirty || takes === 0}
            loading={send.isPending}
            onClick={() => act('import')}
          >
            {t('confirmCount', { n: format.number(takes) })}
          </Button>
        )}
        {mayTry && (
          <Button
            type={mayImport ? 'default' : 'primary'}
            disabled={dirty}
            loading={send.isPending}
            onClick={() => act('try')}
          >
            {t(trial ? 'upload.tryAgain' : 'upload.try')}
          </Button>
        )}
        {mayGoOn && (
          <Button type="primary" loading={send.isPending} onClick={() => act('resume')}>
            {t('upload.goOn')}
          </Button>
        )}
        {mayPause && (
          <Button loading={send.isPending} onClick={() => act('pause')}>
            {t('upload.pause')}
          </Button>
        )}
        {mayCancel && (
          <span className={styles.right}>
            <Button danger disabled={send.isPending} onClick={() => act('cancel')}>
              {t(isUploadBusy(upload) || upload.batchId !== null ? 'upload.cancel' : 'upload.putAway')}
            </Button>
          </span>
        )}
      </div>
      {dirty && <p className={styles.quiet}>{t('upload.saveFirst')}</p>}
      {mayImport && takes === 0 && <p className={styles.quiet}>{t('nothing')}</p>}
      {send.error && <Failure error={send.error} compact />}
    </>
  );
}
