import type { RuleDraft, RuleUpgrade } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { serverNow } from '../../shared/time/clock.ts';
import { cityDay } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { FileDiff } from './DiffView.tsx';
import { useMayWrite } from './may.ts';
import { useFileName } from './names.ts';
import { RULES, upgradeQuery } from './queries.ts';
import styles from './rules.module.css';

type UpgradeFile = RuleUpgrade['files'][number];
type Choice = 'take' | 'keep' | 'later';
/** Those that there is something to say about, the open ones first. */
const SHOWN = ['offered', 'conflict', 'own'] as const satisfies readonly UpgradeFile['state'][];

/** 版本更新: what the program ships otherwise than the city has, file by file; a person decides, nothing is overwritten. */
export function Upgrade() {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const may = useMayWrite();
  const navigate = useNavigate();
  const day = cityDay(serverNow(), useTimeZone());
  const upgrade = useQuery(upgradeQuery);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Choice>>(new Map());
  const [name, setName] = useState<string>(() => t('upgrade.defaultName', { day }));
  const make = useSend<RuleDraft>([RULES]);

  if (upgrade.error && !upgrade.data) {
    return <Failure error={upgrade.error} onRetry={() => void upgrade.refetch()} />;
  }
  if (!upgrade.data) return <Loading rows={8} />;
  const { files } = upgrade.data;
  const choiceOf = (file: UpgradeFile): Choice => chosen.get(file.path) ?? 'later';
  const open = files.filter((file) => file.state === 'offered' || file.state === 'conflict');
  const of = (choice: Choice) => open.filter((file) => choiceOf(file) === choice).map((file) => file.path);
  const [take, keep] = [of('take'), of('keep')];
  if (files.length === 0) return <Empty title={t('upgrade.none')} hint={t('upgrade.noneHint')} />;
  return (
    <div className={styles.scroll}>
      {open.length > 0 && (
        <p>
          {t('upgrade.count', {
            offered: format.number(files.filter((file) => file.state === 'offered').length),
            conflict: format.number(files.filter((file) => file.state === 'conflict').length),
          })}
        </p>
      )}
      {may && open.length > 0 && (
        <form
          className={styles.filters}
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate(
              { path: '/rules/upgrade', body: { name: name.trim(), take, keep } },
              {
                onSuccess: (draft) =>
                  void navigate({
                    to: '/rules/drafts/$draftId',
                    params: { draftId: draft.id },
                    search: { view: 'difference' },
                  }),
              },
            );
          }}
        >
          <Button
            onClick={() =>
              setChosen(
                new Map([
                  ...chosen,
                  ...files
                    .filter((file) => file.state === 'offered')
                    .map((file) => [file.path, 'take'] as const),
                ]),
              )
            }
          >
            {t('upgrade.takeOffered')}
          </Button>
          <span className={styles.lineActions}>
            <Input
              aria-label={t('drafts.name')}
              className={styles.nameInput!}
              value={name}
              maxLength={100}
              onChange={(event) => setName(event.target.value)}
            />
            <Button
              type="primary"
              htmlType="submit"
              disabled={take.length + keep.length === 0 || !name.trim()}
              loading={make.isPending}
            >
              {t('upgrade.do', { n: take.length + keep.length })}
            </Button>
          </span>
        </form>
      )}
      {make.error && <Failure error={make.error} compact />}
      {SHOWN.map((state) => {
        const own = files.filter((file) => file.state === state);
        return (
          own.length > 0 && (
            <section key={state} aria-label={t(`upgrade.state.${state}`)} className={styles.upgradeGroup}>
              <h2>
                {t(`upgrade.state.${state}`)}{' '}
                <span className={styles.quiet}>{format.number(own.length)}</span>
              </h2>
              <p className={styles.quiet}>{t(`upgrade.hint.${state}`)}</p>
              {own.map((file) => (
                <Offer
                  key={file.path}
                  file={file}
                  choice={choiceOf(file)}
                  {...(may && state !== 'own'
                    ? { onChoose: (choice: Choice) => setChosen(new Map(chosen).set(file.path, choice)) }
                    : {})}
                />
              ))}
            </section>
          )
        );
      })}
    </div>
  );
}

function Offer({
  file,
  choice,
  onChoose,
}: {
  file: UpgradeFile;
  choice: Choice;
  onChoose?: (choice: Choice) => void;
}) {
  const { t } = useTranslation('rules');
  const fileName = useFileName();
  const [open, setOpen] = useState(false);
  return (
    <div className={styles.offer}>
      <div className={styles.filters}>
        <button
          type="button"
          className={styles.textButton}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? '▾' : '▸'} {fileName(file.path)}
        </button>
        <code className={styles.path}>{file.path}</code>
        {file.diff && <span className={styles.tag}>{t(`mark.${file.diff.kind}`)}</span>}
        {onChoose && (
          <span
            className={`${styles.segments} ${styles.atEnd}`}
            role="group"
            aria-label={t('upgrade.choose', { file: fileName(file.path) })}
          >
            {(['later', 'take', 'keep'] as const).map((one) => (
              <button key={one} type="button" aria-pressed={choice === one} onClick={() => onChoose(one)}>
                {t(`upgrade.${one}`)}
              </button>
            ))}
          </span>
        )}
      </div>
      {open && (
        <div className={styles.offerBody}>
          {file.diff && (
            <>
              <h3>{t('upgrade.fromCity')}</h3>
              <FileDiff file={file.diff} bare />
            </>
          )}
          {file.own && (
            <>
              <h3>{t('upgrade.ownChanges')}</h3>
              <FileDiff file={file.own} bare />
            </>
          )}
        </div>
      )}
    </div>
  );
}
