import type { OwnWords, Text } from '@wanmi/contracts';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from './index.ts';

/** A name of the city's data or of the glossary in the reader's language; empty is "—". */
export function useText(): (text: Text | null | undefined) => string {
  const { i18n } = useTranslation();
  const language = i18n.language as Language;
  return useCallback((text) => pickText(text, language), [language]);
}

export function pickText(text: Text | null | undefined, language: Language): string {
  if (!text) return '—';
  return text[language] || text['zh-CN'] || text.en || '—';
}

/** The word of an open vocabulary: known codes from the glossary, a city's own (`x-…`) as they stand. */
export function wordOf<K extends string>(names: Record<K, Text>, code: string): Text {
  return Object.hasOwn(names, code) ? names[code as K] : (own.get(code) ?? { 'zh-CN': code, en: code });
}

/** What a city calls steps and actions of its own; their codes begin with `x-`. */
const own = new Map<string, Text>();
let steps: readonly string[] = [];

/** What `GET /words` answered. */
export function learnWords(words: OwnWords): void {
  own.clear();
  for (const some of [words.actions, words.steps]) {
    for (const [code, text] of Object.entries(some)) own.set(code, text);
  }
  steps = Object.keys(words.steps);
}

/** Codes of the steps that only this city has. */
export const ownSteps = (): readonly string[] => steps;
