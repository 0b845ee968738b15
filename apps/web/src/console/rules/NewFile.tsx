import type { RuleDraft } from '@wanmi/contracts';
import { useNavigate } from '@tanstack/react-router';
import { Button, Input, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { pathIn, type Group } from './places.ts';
import styles from './rules.module.css';
import { starterOf } from './starters.ts';
import { replaced, workOf } from './work.ts';

const KINDS = [
  'form',
  'phrase',
  'calendar',
  'decision',
  'process',
  'numbering',
] as const satisfies readonly Group[];

/** A new file of a kind, with the least that such a file must say. It is written when it is saved. */
export function NewFile({ draft, onClose }: { draft: RuleDraft; onClose: () => void }) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const navigate = useNavigate();
  const id = useId();
  const [kind, setKind] = useState<(typeof KINDS)[number]>('form');
  const [code, setCode] = useState('');
  const fits = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/.test(code);
  const path = fits ? pathIn(kind, code) : null;
  const taken = path !== null && (draft.files.some((file) => file.path === path) || !!workOf(draft.id, path));
  return (
    <Dialog title={t('newFile.title')} onClose={onClose}>
      <form
        className={dialog.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          if (path === null || taken) return;
          replaced(draft.id, path, starterOf(kind, code), { text: '', hash: null });
          onClose();
          void navigate({
            to: '/rules/drafts/$draftId',
            params: { draftId: draft.id },
            search: { file: path },
          });
        }}
      >
        <label htmlFor={`${id}-kind`}>{t('newFile.kind')}</label>
        <Select
          id={`${id}-kind`}
          value={kind}
          options={KINDS.map((one) => ({ value: one, label: t(`group.${one}`) }))}
          onChange={setKind}
          getPopupContainer={(trigger) => trigger.parentElement!}
        />
        <label htmlFor={`${id}-code`}>{t('newFile.code')}</label>
        <Input
          id={`${id}-code`}
          value={code}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setCode(event.target.value.trim())}
        />
        <p id={`${id}-hint`} className={taken ? styles.wrong : styles.quiet}>
          {taken ? t('newFile.taken') : path ? t('newFile.path', { path }) : t('newFile.hint')}
        </p>
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common('common.cancel')}</Button>
          <Button type="primary" htmlType="submit" disabled={path === null || taken}>
            {t('newFile.add')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
