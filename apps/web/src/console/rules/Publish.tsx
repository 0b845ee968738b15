import type { Publication, RuleDraft, RuleProblem } from '@wanmi/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button, Input } from 'antd';
import { useEffect, useEffectEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../../shared/api/problem.ts';
import { useSend } from '../../shared/api/useSend.ts';
import { Failure } from '../../shared/states/states.tsx';
import { instantOfWall } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { Dialog } from '../shell/Dialog.tsx';
import dialog from '../shell/shell.module.css';
import { toast } from '../shell/toasts.ts';
import { draftDiffQuery, draftQuery, RULES } from './queries.ts';
import styles from './rules.module.css';
import { lastTryOutQuery } from './tryOuts.ts';
import { forgetDraft } from './work.ts';

type View = 'files' | 'problems' | 'difference' | 'tryOut';

/** 发布: with a reason, now or from a moment on; what stands against it is said before. */
export function Publish({
  draft,
  behind,
  unsaved,
  onClose,
  onView,
}: {
  draft: RuleDraft;
  behind: boolean;
  unsaved: readonly string[];
  onClose: () => void;
  onView: (view: View) => void;
}) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const format = useFormat();
  const timeZone = useTimeZone();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const id = useId();
  const [reason, setReason] = useState('');
  const [later, setLater] = useState(false);
  const [from, setFrom] = useState('');
  const check = useSend<{ problems: RuleProblem[] }>([draftQuery(draft.id).queryKey]);
  const publish = useSend<Publication>();
  const diff = useQuery(draftDiffQuery(draft.id, draft.version));
  const tryOut = useQuery(lastTryOutQuery(draft.id));

  const checked = draft.checkedVersion === draft.version;
  const begin = useEffectEvent(() => check.mutate({ path: `/rules/drafts/${draft.id}/check` }));
  useEffect(() => {
    if (!checked) begin();
  }, [checked, draft.version]);

  const errors = draft.problems.filter((one) => one.severity === 'error').length;
  const warnings = draft.problems.length - errors;
  const instant = later ? instantOfWall(from, timeZone) : undefined;
  const nothing = diff.data?.files.length === 0;
  const ready =
    checked &&
    errors === 0 &&
    unsaved.length === 0 &&
    !behind &&
    !nothing &&
    reason.trim() !== '' &&
    (!later || instant !== undefined);

  function send() {
    publish.mutate(
      {
        path: `/rules/drafts/${draft.id}/publish`,
        headers: { 'if-match': `"${draft.version}"` },
        body: { reason: reason.trim(), ...(instant === undefined ? {} : { effectiveAt: instant }) },
      },
      {
        onSuccess: (made) => {
          forgetDraft(draft.id);
          toast(
            made.state === 'scheduled'
              ? t('publish.scheduled', { n: made.version, at: format.instant(made.effectiveAt) })
              : t('publish.done', { n: made.version }),
          );
          const search = made.state === 'scheduled' ? ({ tab: 'history' } as const) : {};
          // The draft is gone: it is forgotten before everything else is read again.
          void navigate({ to: '/rules', search }).then(() => {
            queries.removeQueries({ queryKey: draftQuery(draft.id).queryKey });
            void queries.invalidateQueries({ queryKey: RULES });
          });
        },
      },
    );
  }

  const line = (view: View, state: 'good' | 'bad' | 'open', words: string) => (
    <li data-state={state}>
      <span>{words}</span>
      <button type="button" className={styles.textButton} onClick={() => onView(view)}>
        {t('publish.look')}
      </button>
    </li>
  );
  const last = tryOut.data;
  return (
    <Dialog title={t('publish.title', { name: draft.name })} onClose={onClose} wide>
      <form
        className={dialog.dialogForm}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) send();
        }}
      >
        <ul className={styles.checklist}>
          {unsaved.length > 0 && line('files', 'bad', t('publish.unsaved', { n: unsaved.length }))}
          {!checked
            ? line('problems', 'open', t('check.running'))
            : line(
                'problems',
                errors > 0 ? 'bad' : warnings > 0 ? 'open' : 'good',
                draft.problems.length === 0
                  ? t('check.clean')
                  : t('check.counts', { errors: format.number(errors), warnings: format.number(warnings) }),
              )}
          {behind
            ? line('difference', 'bad', t('behind.title'))
            : diff.data &&
              line(
                'difference',
                nothing ? 'bad' : 'good',
                nothing
                  ? t('difference.none')
                  : t('difference.count', { n: format.number(diff.data.files.length) }),
              )}
          {line(
            'tryOut',
            last && last.state === 'done' && !last.stale ? 'good' : 'open',
            !last
              ? t('publish.notTried')
              : last.state === 'running'
                ? t('tryOut.state.running')
                : last.stale || last.state !== 'done'
                  ? t('publish.triedOther', { at: format.instant(last.startedAt) })
                  : t('publish.tried', {
                      n: format.number(last.progress.done),
                      changed: format.number(last.progress.changed),
                      share: format.percent(last.progress.changed, last.progress.done),
                    }),
          )}
        </ul>
        <label htmlFor={`${id}-reason`}>{t('reason')}</label>
        <Input
          id={`${id}-reason`}
          data-first
          value={reason}
          maxLength={500}
          aria-describedby={`${id}-reason-hint`}
          onChange={(event) => setReason(event.target.value)}
        />
        <p id={`${id}-reason-hint`} className={styles.quiet}>
          {t('publish.reasonHint')}
        </p>
        <fieldset className={styles.choice}>
          <legend>{t('publish.effect')}</legend>
          <label>
            <input type="radio" name={`${id}-when`} checked={!later} onChange={() => setLater(false)} />
            {t('publish.now')}
          </label>
          <label>
            <input type="radio" name={`${id}-when`} checked={later} onChange={() => setLater(true)} />
            {t('publish.later')}
          </label>
          {later && (
            <Input
              type="datetime-local"
              aria-label={t('publish.from')}
              value={from}
              onChange={(event) => setFrom(event.target.value)}
            />
          )}
        </fieldset>
        <p className={styles.quiet}>{t('publish.running')}</p>
        {publish.error && (
          <>
            <Failure error={publish.error} compact />
            {toApiError(publish.error).code === 'conflict.version' && (
              <p className={styles.quiet}>{t('publish.changedMeanwhile')}</p>
            )}
          </>
        )}
        {check.error && <Failure error={check.error} compact />}
        <div className={dialog.dialogActions}>
          <Button onClick={onClose}>{common('common.cancel')}</Button>
          <Button type="primary" htmlType="submit" disabled={!ready} loading={publish.isPending}>
            {t(later ? 'publish.schedule' : 'publish.do')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
