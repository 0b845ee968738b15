import type { RuleDraft, RuleProblem, Text } from '@wanmi/contracts';
import { ACTION_NAMES, OUTCOME_NAMES, ROLE_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { readTable } from './csv.ts';
import { laneOf, type Drawing } from './drawing.ts';
import { useFileName } from './names.ts';
import { placeOf } from './places.ts';
import { useProblemText } from './problemText.ts';
import { propertiesOf, type Property } from './properties.ts';
import { draftFileQuery } from './queries.ts';
import styles from './rules.module.css';
import { Typed } from './Typed.tsx';
import { attributeOf } from './xml.ts';

export const ASSIGN_RULES = [
  'role',
  'collectorOfGrid',
  'unitOfAssignment',
  'crewOfAssignment',
  'unitOfCase',
  'unitOfInstance',
  'applicant',
  'cityRole',
  'districtRole',
] as const;
const LIMITS = 'catalog/stage_limit.csv';

/** What an element of the drawing says, in fields; each is written back as one attribute. */
export function ElementPanel({
  draft,
  text,
  drawing,
  id,
  problems,
  onSet,
  onClose,
}: {
  draft: RuleDraft;
  text: string;
  drawing: Drawing;
  id: string;
  problems: readonly RuleProblem[];
  /** Undefined: it can only be read. */
  onSet: ((key: Property['key'], value: string) => void) | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const words = useText();
  const fileName = useFileName();
  const problemText = useProblemText();
  const field = useId();
  const limitHash = draft.files.find((file) => file.path === LIMITS)?.hash;
  const limits = useQuery({
    ...draftFileQuery(draft.id, LIMITS, limitHash ?? ''),
    enabled: limitHash !== undefined,
  });
  const [own, setOwn] = useState<Property['key'] | null>(null);
  const element = drawing.elements.get(id)!;
  const lane = laneOf(drawing, id);
  const laneRole = lane && (attributeOf(lane, `${drawing.own}role`) ?? attributeOf(lane, 'id'));
  const forms = draft.files.map((file) => placeOf(file.path)).filter((place) => place.group === 'form');
  const processes = draft.files
    .map((file) => placeOf(file.path))
    .filter((place) => place.group === 'process');
  const steps = readTable(limits.data?.text ?? '')?.rows.map((row) => row.cells[0] ?? '') ?? [];

  const glossary = (names: Readonly<Record<string, Text>>) =>
    Object.keys(names).map((code) => ({ code, label: words(names[code]) }));
  const options: Partial<Record<Property['key'], readonly { code: string; label: string }[]>> = {
    step: glossary(STEP_NAMES),
    role: glossary(ROLE_NAMES),
    action: glossary(ACTION_NAMES),
    outcome: glossary(OUTCOME_NAMES),
    assign: ASSIGN_RULES.map((code) => ({ code, label: t(`drawing.assign.${code}`) })),
    limit: [...new Set([...steps, 'dispose'])].map((code) => ({
      code,
      label: words(wordOf(STEP_NAMES as Readonly<Record<string, Text>>, code)),
    })),
    form: forms.map(({ code }) => ({ code, label: fileName(`form/${code}.schema.json`) })),
    message: [
      ...[...drawing.elements.values()].flatMap((one) =>
        one.local === 'message' ? (attributeOf(one, 'name') ?? []) : [],
      ),
      ...Object.keys(ACTION_NAMES),
    ]
      .filter((code, index, all) => all.indexOf(code) === index)
      .map((code) => ({ code, label: words(wordOf(ACTION_NAMES as Readonly<Record<string, Text>>, code)) })),
    standard: [{ code: 'true', label: t('drawing.standard') }],
    calledElement: processes.map(({ code }) => ({ code, label: fileName(`process/${code}.bpmn`) })),
  };
  const set = onSet;
  return (
    <aside className={styles.rowForm} aria-label={t('drawing.panel')}>
      <header>
        <h3>{attributeOf(element, 'name') || id}</h3>
        <button type="button" className={styles.close} aria-label={common('common.close')} onClick={onClose}>
          ×
        </button>
      </header>
      <p className={styles.quiet}>
        {isKnown(element.local) ? t(`drawing.of.${element.local}`) : element.local} <code>{id}</code>
      </p>
      {problems.map((one, index) => (
        <p key={index} className={one.severity === 'error' ? styles.wrong : styles.warned}>
          {problemText(one)}
        </p>
      ))}
      {propertiesOf(text, drawing, element).map(({ key, value }) => {
        const known = options[key];
        const name = `${field}-${key}`;
        const inherited = key === 'role' && value === '' && element.local === 'userTask' ? laneRole : null;
        return (
          <div key={key} className={styles.field}>
            <label htmlFor={name}>{t(`drawing.property.${key}`)}</label>
            {known && own !== key ? (
              <select
                id={name}
                value={value}
                disabled={!set}
                onChange={(event) =>
                  event.target.value === OWN_CODE ? setOwn(key) : set?.(key, event.target.value)
                }
              >
                <option value="">
                  {inherited
                    ? t('drawing.byLane', {
                        role: words(wordOf(ROLE_NAMES as Readonly<Record<string, Text>>, inherited)),
                      })
                    : '—'}
                </option>
                {value !== '' && !known.some((one) => one.code === value) && (
                  <option value={value}>{value}</option>
                )}
                {known.map((one) => (
                  <option key={one.code} value={one.code}>
                    {one.label === one.code || key === 'standard' ? one.label : `${one.label} ${one.code}`}
                  </option>
                ))}
                {set && MAY_BE_OWN.includes(key) && <option value={OWN_CODE}>{t('drawing.ownCode')}</option>}
              </select>
            ) : (
              <Typed
                id={name}
                value={value}
                describedBy={
                  key === 'condition' || key === 'when' || key === 'duration' ? `${name}-hint` : undefined
                }
                autoFocus={own === key}
                placeholder={own === key ? 'x-' : undefined}
                onLeave={() => setOwn(null)}
                onSet={set && ((next) => set(key, next))}
              />
            )}
            {(key === 'condition' || key === 'when' || key === 'duration') && (
              <p id={`${name}-hint`} className={styles.quiet}>
                {t(`drawing.hints.${key}`)}
              </p>
            )}
          </div>
        );
      })}
    </aside>
  );
}

/** Steps and actions of a city's own, and what is named like them. */
const MAY_BE_OWN: readonly Property['key'][] = ['step', 'action', 'limit', 'form', 'message'];
const OWN_CODE = '\u0000';

const KNOWN = [
  'userTask',
  'sequenceFlow',
  'exclusiveGateway',
  'inclusiveGateway',
  'parallelGateway',
  'startEvent',
  'endEvent',
  'boundaryEvent',
  'intermediateCatchEvent',
  'intermediateThrowEvent',
  'subProcess',
  'callActivity',
  'lane',
  'participant',
] as const;
function isKnown(local: string): local is (typeof KNOWN)[number] {
  return (KNOWN as readonly string[]).includes(local);
}
