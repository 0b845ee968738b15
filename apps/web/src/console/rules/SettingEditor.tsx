import { Button } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, useProblemsAt } from './fields.tsx';
import type { JsonProps } from './JsonEditor.tsx';
import { readJson, type JsonValue } from './json.ts';
import styles from './rules.module.css';

/** What the program knows; a city's own are called x-…. */
const KNOWN = ['autoAccept', 'autoSendVerify', 'autoSendCheck', 'autoDispatch'] as const;

export function SettingEditor({ value, set, remove, problems }: JsonProps) {
  const { t } = useTranslation('rules');
  const id = useId();
  const problemsAt = useProblemsAt(problems);
  const [name, setName] = useState('');
  const own = Object.keys(value).filter((key) => !(KNOWN as readonly string[]).includes(key));
  return (
    <div className={styles.formBody}>
      {KNOWN.map((key) => (
        <div key={key} className={styles.setting}>
          <input
            id={`${id}-${key}`}
            type="checkbox"
            checked={value[key] === true}
            disabled={!set}
            aria-describedby={`${id}-${key}-hint`}
            onChange={(event) => set?.([key], event.target.checked)}
          />
          <div>
            <label htmlFor={`${id}-${key}`}>{t(`setting.${key}.name`)}</label>
            <p id={`${id}-${key}-hint`} className={styles.quiet}>
              {t(`setting.${key}.hint`)} <code className={styles.path}>{key}</code>
            </p>
            {problemsAt([key])}
          </div>
        </div>
      ))}
      {own.map((key) => (
        <div key={key} className={styles.rowFields}>
          <Field
            label={key}
            value={JSON.stringify(value[key])}
            onSet={set && ((next) => set([key], valueOf(next)))}
            hint={problemsAt([key])}
          />
          {remove && (
            <button
              type="button"
              className={styles.close}
              aria-label={t('removeItem', { name: key })}
              onClick={() => remove([key])}
            >
              ×
            </button>
          )}
        </div>
      ))}
      {set && (
        <form
          className={styles.rowFields}
          onSubmit={(event) => {
            event.preventDefault();
            set([name], '');
            setName('');
          }}
        >
          <Field label={t('setting.own')} value={name} hint={t('setting.ownHint')} onSet={undefined}>
            {(field) => (
              <input
                id={field}
                value={name}
                placeholder="x-"
                onChange={(event) => setName(event.target.value.trim())}
              />
            )}
          </Field>
          <Button htmlType="submit" disabled={!/^x-\S+$/.test(name) || name in value}>
            {t('add')}
          </Button>
        </form>
      )}
    </div>
  );
}

/** `3` and `true` are what they look like; everything else is a text. */
function valueOf(typed: string): JsonValue {
  const parsed = readJson(typed);
  return parsed === undefined ? typed : parsed;
}
