import type { RosterImported } from '@wanmi/contracts';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import styles from './duty.module.css';
import { DUTY } from './queries.ts';

/** A roster from a table: read first, with every bad row named, then taken in. */
export function RosterImport({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [file, setFile] = useState<File | null>(null);
  const check = useSend<RosterImported>();
  const take = useSend<RosterImported>([DUTY]);
  const result = take.data ?? check.data;

  function body(of: File): FormData {
    const form = new FormData();
    form.append('file', of);
    return form;
  }

  return (
    <Dialog title={t('roster.import')} onClose={onClose} wide>
      <div className={dialog.dialogForm}>
        <p className={styles.quiet}>{t('roster.importHint')}</p>
        <label htmlFor="roster-file">{t('roster.file')}</label>
        <input
          id="roster-file"
          type="file"
          accept=".csv,text/csv"
          onChange={(event) => {
            const chosen = event.target.files?.[0] ?? null;
            setFile(chosen);
            take.reset();
            check.reset();
            if (chosen) check.mutate({ path: '/duty/roster/import?dryRun=true', body: body(chosen) });
          }}
        />
        {check.isPending && <p className={styles.quiet}>{t('roster.reading')}</p>}
        {(take.error ?? check.error) && <Failure error={take.error ?? check.error} compact />}
        {result && (
          <p role="status">
            {t(take.data ? 'roster.imported' : 'roster.wouldImport', {
              n: format.number(result.imported),
              rows: format.number(result.rows),
              known: format.number(result.known),
              bad: format.number(result.badTotal),
            })}
          </p>
        )}
        {result && result.bad.length > 0 && (
          <ul className={styles.bad}>
            {result.bad.map((one) => (
              <li key={`${one.line} ${one.code} ${one.column ?? ''}`}>
                {t('roster.line', { n: one.line })}
                {one.column && ` ${one.column}`}: {t(`roster.fault.${one.code}`)}
              </li>
            ))}
          </ul>
        )}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{t(take.data ? 'common.close' : 'common.cancel')}</Button>
          {!take.data && (
            <Button
              type="primary"
              loading={take.isPending}
              disabled={!file || !check.data || check.data.imported === 0}
              onClick={() => {
                if (file) take.mutate({ path: '/duty/roster/import', body: body(file) });
              }}
            >
              {t('roster.take')}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
