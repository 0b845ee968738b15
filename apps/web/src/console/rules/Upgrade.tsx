import type { RuleDraft, RuleUpgradeFile, UpgradeSide } from '@wanmi/contracts';
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
import { useMayWrite } from './may.ts';
import { RULES, upgradeQuery } from './queries.ts';
import styles from './rules.module.css';
import { Mistakes, UpgradeOffer, type Choice } from './UpgradeOffer.tsx';

/** Those that there is something to say about, the open ones first. */
const SHOWN = ['offered', 'conflict', 'own'] as const satisfies readonly RuleUpgradeFile['state'][];

const NOTHING: ReadonlyMap<string, UpgradeSide> = new Map();

/** 版本更新: what the program ships otherwise than the city has, file by file and conflict by conflict; a person decides, nothing is overwritten. */
export function Upgrade() {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const may = useMayWrite();
  const navigate = useNavigate();
  const day = cityDay(serverNow(), useTimeZone());
  const upgrade = useQuery(upgradeQuery);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Choice>>(new Map());
  const [sides, setSides] = useState<ReadonlyMap<string, ReadonlyMap<string, UpgradeSide>>>(new Map());
  const [name, setName] = useState<string>(() => t('upgrade.defaultName', { day }));
  const make = useSend<RuleDraft>([RULES]);

  if (upgrade.error && !upgrade.data) {
    return <Failure error={upgrade.error} onRetry={() => void upgrade.refetch()} />;
  }
  if (!upgrade.data) return <Loading rows={8} />;
  const { files } = upgrade.data;
  const choiceOf = (file: RuleUpgradeFile): Choice => chosen.get(file.path) ?? 'later';
  const open = files.filter((file) => file.state === 'offered' || file.state === 'conflict');
  const of = (choice: Choice) => open.filter((file) => choiceOf(file) === choice).map((file) => file.path);
  const [take, keep] = [of('take'), of('keep')];
  const merging = open.filter((file) => choiceOf(file) === 'merge');
  const sidesOf = (file: RuleUpgradeFile) => sides.get(file.path) ?? NOTHING;
  const undecided = merging.flatMap((file) =>
    file.conflicts.filter(({ element }) => !sidesOf(file).has(element)),
  );
  const merge = merging.map((file) => ({
    path: file.path,
    sides: file.conflicts.map(({ element }) => ({ element, side: sidesOf(file).get(element) })),
  }));
  const decisions = take.length + keep.length + merge.length;
  /** Who is right about these: the file is put together then. */
  const decide = (file: RuleUpgradeFile, elements: readonly string[], side: UpgradeSide) => {
    const decided = elements.map((element) => [element, side] as const);
    setSides(new Map(sides).set(file.path, new Map([...sidesOf(file), ...decided])));
    setChosen(new Map(chosen).set(file.path, 'merge'));
  };
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
              { path: '/rules/upgrade', body: { name: name.trim(), take, keep, merge } },
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
            disabled={!open.some((file) => file.state === 'offered')}
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
              disabled={decisions === 0 || undecided.length > 0 || !name.trim()}
              loading={make.isPending}
            >
              {t('upgrade.do', { n: decisions })}
            </Button>
          </span>
        </form>
      )}
      {undecided.length > 0 && (
        <p role="status">{t('upgrade.undecided', { n: format.number(undecided.length) })}</p>
      )}
      {make.error && <Failure error={make.error} compact />}
      {upgrade.data.problems.length > 0 && <Mistakes problems={upgrade.data.problems} />}
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
                <UpgradeOffer
                  key={file.path}
                  file={file}
                  choice={choiceOf(file)}
                  sides={sidesOf(file)}
                  {...(may && state !== 'own'
                    ? {
                        onChoose: (choice: Choice) => setChosen(new Map(chosen).set(file.path, choice)),
                        onDecide: (elements: readonly string[], side: UpgradeSide) =>
                          decide(file, elements, side),
                      }
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
