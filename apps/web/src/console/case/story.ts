import type { Limit, TimelineEntry } from '@wanmi/contracts';
import { APPLICATION_NAMES, DISPATCH_FORM_NAMES, PART_NAMES } from '@wanmi/contracts/words';
import type { TFunction } from 'i18next';
import type { useText } from '../../shared/i18n/text.ts';
import { wordOf } from '../../shared/i18n/text.ts';
import type { useFormat } from '../../shared/time/useFormat.ts';

/** A piece of a sentence: words, or another case to go to. */
export type Piece = { text: string } | { caseId: string; caseNo: string };

interface Words {
  t: TFunction;
  text: ReturnType<typeof useText>;
  format: ReturnType<typeof useFormat>;
}

/**
 * What an entry says behind its verb, as a reader would tell it: which application, until when, with which other
 * case, to whom. Only what the entry carries is told; an entry of an older version tells less.
 */
export function storyOf({ type, data, refs }: TimelineEntry, { t, text, format }: Words): Piece[] {
  const pieces: Piece[] = [];
  const say = (words: string | null | undefined | false) => {
    if (words) pieces.push({ text: words });
  };
  const of = (name: string) => data[name];
  const part = <T extends object>(name: string) => {
    const value = of(name);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : undefined;
  };

  const application = part<{ kind: string; level?: number; levels?: number }>('application');
  if (application && type.startsWith('application.')) {
    const name = text(wordOf(APPLICATION_NAMES, application.kind));
    say(
      (application.levels ?? 1) > 1
        ? t('story.applicationLevel', { name, n: application.level ?? 1, of: application.levels ?? 1 })
        : name,
    );
  }
  if (typeof of('form') === 'string' && of('form') !== 'single')
    say(text(wordOf(DISPATCH_FORM_NAMES, String(of('form')))));

  if (typeof of('part') === 'string') say(text(wordOf(PART_NAMES, String(of('part')))));

  // Ids of the form's answers, by name: the condition it was filed under, the departments it went to.
  const named = Object.values(data)
    .flat()
    .flatMap((value) => (typeof value === 'string' && refs[value] ? [text(refs[value])] : []));
  say([...new Set(named)].join(t('list.comma')));

  const due = part<{ dueAt?: string | null }>('mark')?.dueAt ?? of('dueAt');
  if (typeof due === 'string') say(t('story.due', { at: format.instant(due) }));
  const until = of('until') ?? of('resumeAt');
  if (typeof until === 'string')
    say(t('story.until', { at: until.length > 10 ? format.instant(until) : until }));
  const limit = part<Limit>('limit');
  if (limit && typeof limit.value === 'number') say(t('story.limit', { limit: format.limit(limit) }));
  else if (typeof of('value') === 'number' && typeof of('unit') === 'string')
    say(t('story.longer', { limit: format.limit({ value: of('value'), unit: of('unit') } as Limit) }));
  if (typeof of('days') === 'number') say(t('story.days', { n: format.number(of('days') as number) }));

  if (typeof of('hours') === 'number' && typeof due !== 'string')
    say(t('story.hours', { n: format.number(of('hours') as number) }));
  if (typeof of('to') === 'string') say(t('story.to', { to: of('to') as string }));

  const rating = of('rating') ?? of('stars');
  if (typeof rating === 'number') say(t('story.rating', { n: rating }));

  const link = part<{ caseId: string; caseNo: string }>('link');
  if (link?.caseId && link.caseNo) {
    const before = LINKED[type];
    if (before) say(t(before));
    pieces.push({ caseId: link.caseId, caseNo: link.caseNo });
  }
  return pieces;
}

/** How the other case is spoken of. */
const LINKED: Record<string, 'story.into' | 'story.from' | 'story.withIt'> = {
  'case.merged': 'story.into',
  'case.absorbed': 'story.from',
  'case.unmerged': 'story.from',
  'case.parted': 'story.from',
  'case.linked': 'story.withIt',
  'case.recurred': 'story.withIt',
};

const NOTES = ['reason', 'answer', 'opinion', 'question', 'requirement', 'content'] as const;

/** The free words of an entry: its note, else whatever else was written on the form. */
export function notesOf(
  { note, data }: TimelineEntry,
  t: TFunction,
  exists: (key: string) => boolean,
): string | null {
  if (note) return note;
  const words = NOTES.flatMap((name) => {
    const value = data[name];
    if (typeof value !== 'string' || value === '') return [];
    const key = `application.reason.${value}`;
    if (exists(key)) return [t(key as 'application.reason.other')];
    // A code that no catalogue names tells a reader nothing.
    return /^[a-z][A-Za-z]*$/.test(value) && !value.includes(' ') ? [] : [value];
  });
  return words.length > 0 ? words.join(' ') : null;
}
