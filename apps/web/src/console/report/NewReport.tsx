import type { Category, ReportReply, Source } from '@wanmi/contracts';
import { KIND_NAMES, REPORT_KINDS } from '@wanmi/contracts/words';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { Button, Input, Select, type InputRef } from 'antd';
import { useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../../shared/api/client.ts';
import { ApiError } from '../../shared/api/problem.ts';
import { categoriesQuery, phrasesQuery, sourcesQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { CaseMap } from '../../shared/map/CaseMap.tsx';
import { Choices } from '../../shared/form/Choices.tsx';
import { MediaField } from '../../shared/photos/MediaField.tsx';
import { Failure } from '../../shared/states/states.tsx';
import { useMay, useMe } from '../me.ts';
import { PhraseArea } from '../widgets/PhraseArea.tsx';
import { PointInput } from '../widgets/PointInput.tsx';
import { CategoryPicker } from './CategoryPicker.tsx';
import { Decision } from './Decision.tsx';
import { Controls } from './Controls.tsx';
import { emptyDraft, faultsOf, isDirty, toBody, withKind, type Draft } from './draft.ts';
import { LeaveDraft } from './LeaveDraft.tsx';
import { NearAssets } from './NearAssets.tsx';
import { PlaceCard } from './PlaceCard.tsx';
import { Registered } from './Registered.tsx';
import styles from './report.module.css';
import { Similar } from './Similar.tsx';

const SOURCE_KEY = 'wanmi.lastSource';

/** A call a minute: everything in the order of the conversation, all of it reachable without the mouse. */
export function NewReport() {
  const { t } = useTranslation();
  const text = useText();
  const me = useMe();
  const queries = useQueryClient();
  const patrols = me.post.role === 'collector';
  // 执法发现: an enforcement unit registers what it found itself, and nothing that others say
  const finds = useMay('report.find');
  const takesCalls = !patrols && !finds;
  const decides = me.post.role === 'operator';
  const sources = useQuery({ ...sourcesQuery, enabled: takesCalls });
  const phrases = useQuery(phrasesQuery('report'));
  const categories = useQuery(categoriesQuery);

  const start = () => emptyDraft(takesCalls ? lastSource() : undefined, decides ? 'accept' : undefined);
  const [draft, setDraft] = useState<Draft>(start);
  const [tried, setTried] = useState(false);
  const [uploads, setUploads] = useState({ before: false, after: false });
  const busy = uploads.before || (draft.selfHandled && uploads.after);
  const [round, setRound] = useState(0);
  const [registered, setRegistered] = useState<ReportReply | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const first = useRef<InputRef>(null);
  const sent = useRef<{ content: string; key: string } | null>(null);

  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }));
  const faults = faultsOf(draft, { onTheSpot: finds });
  const category = categories.data?.find((one) => one.id === draft.categoryId);

  const submit = useMutation({
    mutationFn: (body: ReturnType<typeof toBody>) => {
      const content = JSON.stringify(body);
      if (sent.current?.content !== content) sent.current = { content, key: crypto.randomUUID() };
      return post<ReportReply>('/reports', body, { headers: { 'idempotency-key': sent.current.key } });
    },
    onSuccess: (reply) => {
      if (draft.source) remember(draft.source);
      sent.current = null;
      setRegistered(reply);
      setDraft(start());
      setTried(false);
      setRound((now) => now + 1);
      void queries.invalidateQueries({ queryKey: ['taskCounts'] });
      first.current?.focus();
    },
  });

  const blocker = useBlocker({
    shouldBlockFn: () => isDirty(draft),
    enableBeforeUnload: () => isDirty(draft),
    withResolver: true,
  });

  function onSubmit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (faults.length > 0) {
      form.current?.querySelector<HTMLElement>(`#report-${faults[0]}`)?.focus();
      return;
    }
    if (!busy && !submit.isPending) submit.mutate(toBody(draft));
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.current?.requestSubmit();
  }

  function pickCategory(next: Category | undefined) {
    set({ categoryId: next?.id, assetId: undefined });
  }

  const tellBusy = (of: 'before' | 'after', on: boolean) => setUploads((now) => ({ ...now, [of]: on }));

  const point = draft.point;
  const problem = draft.kind === 'problem';
  return (
    <div className={styles.page} onKeyDown={onKeyDown}>
      <form ref={form} className={styles.form} onSubmit={onSubmit} noValidate>
        <header className={styles.head}>
          <h1>{t('room.report')}</h1>
          <span className={styles.quiet}>{t('report.keys')}</span>
        </header>
        {finds && <p className={styles.quiet}>{t('report.ownFind')}</p>}
        {registered && <Registered reply={registered} onClose={() => setRegistered(null)} />}

        <div className={styles.row}>
          {takesCalls && (
            <Labelled id="report-source" label={t('fact.source')}>
              <Select
                id="report-source"
                value={draft.source ?? null}
                loading={sources.isPending}
                options={(sources.data ?? []).map((one) => ({ value: one.code, label: text(one.name) }))}
                onChange={(source: Source) => set({ source })}
              />
            </Labelled>
          )}
          {takesCalls && (
            <div className={styles.field} data-grow="true">
              <span className={styles.label} id="report-kind-label">
                {t('report.kind')}
              </span>
              <Choices
                id="report-kind"
                size="short"
                value={draft.kind}
                items={REPORT_KINDS.map((kind) => ({ value: kind, label: text(KIND_NAMES[kind]) }))}
                onChange={(kind) => setDraft((now) => withKind(now, kind as Draft['kind']))}
              />
            </div>
          )}
        </div>

        {takesCalls && (
          <div className={styles.row}>
            <Labelled
              id="report-phone"
              label={t('report.phone')}
              fault={tried && faults.includes('phone') ? t('report.phoneFault') : undefined}
            >
              <Input
                id="report-phone"
                ref={first}
                autoFocus
                inputMode="tel"
                autoComplete="off"
                value={draft.phone}
                {...(tried && faults.includes('phone') ? { status: 'error' as const } : {})}
                onChange={(event) => set({ phone: event.target.value })}
              />
            </Labelled>
            <Labelled id="report-name" label={t('report.name')}>
              <Input
                id="report-name"
                autoComplete="off"
                maxLength={60}
                value={draft.name}
                onChange={(event) => set({ name: event.target.value })}
              />
            </Labelled>
            <label className={styles.check}>
              <input
                type="checkbox"
                checked={draft.wantsReply}
                onChange={(event) => set({ wantsReply: event.target.checked })}
              />
              {t('report.wantsReply')}
            </label>
          </div>
        )}

        <Labelled
          id="report-description"
          label={t('report.description')}
          fault={tried && faults.includes('description') ? t('form.required') : undefined}
        >
          <PhraseArea
            id="report-description"
            value={draft.description}
            onChange={(description) => set({ description })}
            maxLength={2000}
            rows={3}
            invalid={tried && faults.includes('description')}
            phrases={(phrases.data ?? []).map((one) => one.text)}
          />
        </Labelled>

        {problem && (
          <Labelled
            id="report-category"
            label={t('fact.category')}
            fault={tried && faults.includes('category') ? t('form.required') : undefined}
          >
            <CategoryPicker id="report-category" value={draft.categoryId} onChange={pickCategory} />
          </Labelled>
        )}

        <div className={styles.row}>
          <Labelled id="report-address" label={t('fact.address')} grow>
            <Input
              id="report-address"
              maxLength={200}
              autoComplete="off"
              value={draft.address}
              onChange={(event) => set({ address: event.target.value })}
            />
          </Labelled>
          <Labelled
            id="report-point"
            label={t('fact.point')}
            fault={tried && faults.includes('point') ? t('form.required') : undefined}
          >
            <PointInput
              id="report-point"
              point={point}
              invalid={tried && faults.includes('point')}
              onChange={(next) => set({ point: next })}
            />
          </Labelled>
        </div>
        <div className={styles.narrowPlace}>
          <PlaceCard point={point} />
        </div>

        {point && problem && <Controls point={point} categoryId={draft.categoryId} collector={patrols} />}

        {point && problem && category?.kind === 'asset' && (
          <NearAssets
            point={point}
            categoryId={category.id}
            value={draft.assetId}
            onChange={(assetId) => set({ assetId })}
          />
        )}

        {patrols && (
          <label className={styles.check}>
            <input
              type="checkbox"
              checked={draft.selfHandled}
              onChange={(event) => set({ selfHandled: event.target.checked, joinCaseId: undefined })}
            />
            {t('report.selfHandled')}
            <span className={styles.quiet}>{t('report.selfHandledHint')}</span>
          </label>
        )}
        <Labelled
          id="report-media"
          label={t(draft.selfHandled ? 'report.photosBefore' : 'report.photos')}
          fault={tried && faults.includes('media') ? t('report.photoFault') : undefined}
        >
          <MediaField
            key={round}
            id="report-media"
            value={draft.mediaIds}
            onChange={(mediaIds) => set({ mediaIds })}
            onBusy={(on) => tellBusy('before', on)}
            invalid={tried && faults.includes('media')}
          />
        </Labelled>
        {draft.selfHandled && (
          <Labelled
            id="report-after"
            label={t('report.photosAfter')}
            fault={tried && faults.includes('after') ? t('report.photoFault') : undefined}
          >
            <MediaField
              key={round}
              id="report-after"
              value={draft.afterMediaIds}
              onChange={(afterMediaIds) => set({ afterMediaIds })}
              onBusy={(on) => tellBusy('after', on)}
              invalid={tried && faults.includes('after')}
            />
          </Labelled>
        )}

        {point && problem && draft.categoryId && !draft.selfHandled && (
          <Similar
            point={point}
            categoryId={draft.categoryId}
            value={draft.joinCaseId}
            onChange={(joinCaseId) => set({ joinCaseId })}
          />
        )}

        {decides && !(problem && draft.joinCaseId) && (
          <Decision draft={draft} onChange={set} missing={tried && faults.includes('answer')} />
        )}

        {submit.error && (
          <>
            <Failure error={submit.error} compact />
            {submit.error instanceof ApiError &&
              submit.error.problem.errors?.map((one) => (
                <p key={one.path} className={styles.fault}>
                  {one.path} {one.message}
                </p>
              ))}
            <p className={styles.quiet}>{t('action.kept')}</p>
          </>
        )}
        <footer className={styles.foot}>
          <Button type="primary" size="large" htmlType="submit" loading={submit.isPending} disabled={busy}>
            {t(problem && draft.joinCaseId ? 'report.submitJoin' : 'report.submit')}{' '}
            <span className={styles.key}>Ctrl ↵</span>
          </Button>
          {isDirty(draft) && (
            <Button
              size="large"
              onClick={() => {
                setDraft(start());
                setTried(false);
                setRound((now) => now + 1);
                submit.reset();
                first.current?.focus();
              }}
            >
              {t('report.clear')}
            </Button>
          )}
          {busy && <span className={styles.quiet}>{t('media.busy')}</span>}
        </footer>
      </form>
      <section className={styles.map} aria-label={t('map.pick')}>
        <div className={styles.mapFrame}>
          <CaseMap
            bounds={me.city.bounds}
            label={t('map.pickRegion')}
            pick={{ point, onPick: (next) => set({ point: round6(next) }) }}
          />
        </div>
        <div className={styles.place}>
          <PlaceCard point={point} />
        </div>
      </section>
      {blocker.status === 'blocked' && <LeaveDraft onStay={blocker.reset} onLeave={blocker.proceed} />}
    </div>
  );
}

/** A decimetre: more would be noise of the mouse. */
function round6({ lon, lat }: { lon: number; lat: number }) {
  return { lon: Math.round(lon * 1e6) / 1e6, lat: Math.round(lat * 1e6) / 1e6 };
}

function Labelled({
  id,
  label,
  fault,
  grow = false,
  children,
}: {
  id: string;
  label: string;
  fault?: string | undefined;
  grow?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={styles.field} data-grow={grow}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {children}
      {fault && (
        <p className={styles.fault} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

function lastSource(): Source {
  try {
    return (localStorage.getItem(SOURCE_KEY) as Source | null) ?? 'hotline12345';
  } catch {
    return 'hotline12345';
  }
}

function remember(source: Source): void {
  try {
    localStorage.setItem(SOURCE_KEY, source);
  } catch {
    // The next call begins with the usual source.
  }
}
