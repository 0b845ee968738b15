import type {
  RegisterColumn,
  RegisterInspection,
  RegisterMapping,
  RegisterUpload,
  RegisterUploadDetail,
} from '@wanmi/contracts';
import { OUTCOME_NAMES, OUTCOMES, SOURCE_NAMES, SOURCES } from '@wanmi/contracts/words';
import { Button } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSend } from '../../shared/api/useSend.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { TRANSFER } from './queries.ts';
import styles from './transfer.module.css';

const FIELDS = [
  'id',
  'reportedAt',
  'filedAt',
  'dispatchedAt',
  'respondedAt',
  'dueAt',
  'closedAt',
  'status',
  'onTime',
  'source',
  'group',
  'type',
  'agency',
  'title',
  'description',
  'address',
  'longitude',
  'latitude',
  'point',
  'reporterName',
  'reporterPhone',
  'result',
  'kind',
] as const;
type Field = (typeof FIELDS)[number];
const DATES: ReadonlySet<string> = new Set(FIELDS.slice(1, 7));
const STATES = ['open', ...OUTCOMES.filter((one) => one !== 'merged')] as const;
const CRS = ['wgs84', 'gcj02', 'bd09'] as const;

type Words = Record<string, { map?: Record<string, unknown> } | undefined>;

interface Props {
  upload: RegisterUpload;
  inspection: RegisterInspection;
  mapping: RegisterMapping;
  onDirty: (dirty: boolean) => void;
}

/** The columns that a field is read from. */
function columnsOf(field: unknown): readonly string[] {
  if (typeof field === 'string') return [field];
  const { column, columns } = (field ?? {}) as { column?: string; columns?: string[] };
  return columns ?? (column === undefined ? [] : [column]);
}

/** How each column is read, with some of its cells; changed column by column, and checked by the server. */
export function UploadMapping({ upload, inspection, mapping: before, onDirty }: Props) {
  const { t } = useTranslation('transfer');
  const common = useTranslation().t;
  const id = useId();
  const [mapping, setMapping] = useState(before);
  const send = useSend<RegisterUploadDetail>([TRANSFER]);
  const dirty = mapping !== before;
  const change = (next: RegisterMapping): void => {
    setMapping(next);
    onDirty(next !== before);
  };
  const { fields } = mapping;
  const fieldOf = (column: string): Field | '' =>
    FIELDS.find((field) => columnsOf(fields[field]).includes(column)) ?? '';

  function read(column: RegisterColumn, field: Field | ''): void {
    const next: Record<string, unknown> = Object.fromEntries(
      Object.entries(fields).filter(
        ([name, value]) => name !== field && !columnsOf(value).includes(column.name),
      ),
    );
    if (field !== '')
      next[field] =
        DATES.has(field) && column.formats.length > 0
          ? { column: column.name, formats: column.formats }
          : column.name;
    // Without a number rows that are the same in all columns are the same request.
    if (!('id' in next)) next['id'] = { hash: 'row' };
    change({ ...mapping, fields: next });
  }
  const values = (mapping['values'] ?? {}) as Words;
  const setWord = (field: string, word: string, to: unknown): void =>
    change({
      ...mapping,
      values: { ...values, [field]: { ...values[field], map: { ...values[field]?.map, [word]: to } } },
    });
  const position = (mapping['position'] ?? {}) as { crs?: string };
  const hasPlace = 'longitude' in fields || 'point' in fields;
  const disabled = !upload.mayMap;
  const wordsOf = (field: Field): RegisterColumn['words'] => {
    const names = columnsOf(fields[field]);
    return inspection.columns.find(({ name }) => names.includes(name))?.words ?? [];
  };
  const list = (field: 'status' | 'source' | 'onTime') => (
    <WordList
      key={field}
      field={field}
      words={wordsOf(field)}
      map={values[field]?.map ?? {}}
      disabled={disabled}
      onChange={(word, to) => setWord(field, word, to)}
    />
  );
  return (
    <form
      className={styles.rejects}
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(
          { path: `/transfer/uploads/${upload.id}/mapping`, method: 'PUT', body: { mapping } },
          { onSuccess: () => onDirty(false) },
        );
      }}
    >
      <h3 className={styles.title}>{t('upload.mapping')}</h3>
      <p className={styles.hint}>{t('upload.mappingHint')}</p>
      {!('reportedAt' in fields) && <p role="alert">{t('upload.noDate')}</p>}
      <div className={styles.mapScroll}>
        <table className={styles.map}>
          <thead>
            <tr>
              <th scope="col">{t('upload.column')}</th>
              <th scope="col">{t('upload.readAs')}</th>
              <th scope="col">{t('upload.samples')}</th>
            </tr>
          </thead>
          <tbody>
            {inspection.columns.map((column, at) => (
              <tr key={column.name} data-read={fieldOf(column.name) !== ''}>
                <th scope="row" id={`${id}-${at}`}>
                  {column.name}
                </th>
                <td>
                  <select
                    aria-labelledby={`${id}-${at}`}
                    value={fieldOf(column.name)}
                    disabled={disabled}
                    onChange={(event) => read(column, event.target.value as Field | '')}
                  >
                    <option value="">{t('upload.notRead')}</option>
                    {FIELDS.map((field) => (
                      <option key={field} value={field}>
                        {t(`upload.field.${field}`)}
                      </option>
                    ))}
                  </select>
                </td>
                <td>
                  <Cells column={column} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={styles.words}>
        {'status' in fields && list('status')}
        {'source' in fields && list('source')}
        {'onTime' in fields && list('onTime')}
        {hasPlace && (
          <fieldset className={styles.wordList}>
            <legend>{t('upload.crs')}</legend>
            <p className={styles.quiet}>{t('upload.crsHint')}</p>
            <input
              list={`${id}-crs`}
              aria-label={t('upload.crs')}
              value={position.crs ?? 'wgs84'}
              disabled={disabled}
              onChange={(event) =>
                change({ ...mapping, position: { ...position, crs: event.target.value.trim() } })
              }
            />
            <datalist id={`${id}-crs`}>
              {CRS.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </datalist>
          </fieldset>
        )}
        <fieldset className={styles.wordList}>
          <legend>{t('upload.register')}</legend>
          <p className={styles.quiet}>{t('upload.registerHint')}</p>
          <input
            aria-label={t('upload.register')}
            value={mapping.register}
            maxLength={40}
            disabled={disabled}
            onChange={(event) => change({ ...mapping, register: event.target.value })}
          />
        </fieldset>
      </div>
      {upload.mayMap && (
        <div className={styles.actions}>
          <Button type="primary" htmlType="submit" disabled={!dirty} loading={send.isPending}>
            {t('upload.save')}
          </Button>
          {dirty && <Button onClick={() => change(before)}>{common('common.cancel')}</Button>}
        </div>
      )}
      {send.error && <Failure error={send.error} compact />}
    </form>
  );
}

function Cells({ column }: { column: RegisterColumn }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { kind, filled, distinct, from, to, formats, samples } = column;
  return (
    <>
      <span className={styles.samples}>{samples.join(' · ')}</span>
      <span className={styles.quiet}>
        {t(`upload.kind.${kind}`)} ·{' '}
        {t('upload.filled', { n: format.number(filled), of: format.number(distinct) })}
        {from !== null && ` · ${from} … ${to ?? ''}`}
        {formats.length > 0 && kind === 'date' && ` · ${formats.join(' / ')}`}
      </span>
    </>
  );
}

interface WordProps {
  field: 'status' | 'source' | 'onTime';
  words: RegisterColumn['words'];
  map: Record<string, unknown>;
  disabled: boolean;
  onChange: (word: string, to: unknown) => void;
}

/** What the words of a column mean. */
function WordList({ field, words, map, disabled, onChange }: WordProps) {
  const { t } = useTranslation('transfer');
  const text = useText();
  const format = useFormat();
  const all = [...new Set([...words.map(({ value }) => value), ...Object.keys(map)])].slice(0, 60);
  if (all.length === 0) return null;
  const rows = new Map(words.map(({ value, rows: n }) => [value, n]));
  const options: readonly (readonly [string, unknown, string])[] =
    field === 'status'
      ? STATES.map(
          (one) => [one, one, one === 'open' ? t('cases.report.open') : text(OUTCOME_NAMES[one])] as const,
        )
      : field === 'source'
        ? SOURCES.map((one) => [one, one, text(SOURCE_NAMES[one])] as const)
        : ([
            ['true', true, t('cases.report.judged.onTime')],
            ['false', false, t('cases.report.judged.late')],
            ['null', null, t('upload.unknown')],
          ] as const);
  return (
    <fieldset className={styles.wordList}>
      <legend>{t(`upload.words.${field}`)}</legend>
      {all.map((word) => (
        <label key={word}>
          <span>
            {word || t('cases.report.empty')}{' '}
            <small className={styles.quiet}>{rows.has(word) ? format.number(rows.get(word)!) : ''}</small>
          </span>
          <select
            value={word in map ? String(map[word]) : ''}
            disabled={disabled}
            onChange={(event) => onChange(word, options.find(([key]) => key === event.target.value)?.[1])}
          >
            {!(word in map) && <option value="">{t('upload.byRule')}</option>}
            {options.map(([key, , name]) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        </label>
      ))}
    </fieldset>
  );
}
