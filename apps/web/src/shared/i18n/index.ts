import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { zhCN } from './zh-CN.ts';

export const LANGUAGES = ['zh-CN', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];
const KEY = 'wanmi.language';

/** Words of a room that few people open: they come with the room, not with the first page. */
interface RoomWords {
  readonly zh: Record<string, unknown>;
  readonly en: () => Promise<Record<string, unknown>>;
}
const rooms = new Map<string, RoomWords>();

/** Registers the words of a room, before its first screen is drawn. */
export async function addRoomWords(room: string, words: RoomWords): Promise<void> {
  rooms.set(room, words);
  i18next.addResourceBundle('zh-CN', room, words.zh);
  if (i18next.language === 'en') await addEnglish(room, words);
}

async function addEnglish(room: string, words: RoomWords): Promise<void> {
  if (!i18next.hasResourceBundle('en', room)) i18next.addResourceBundle('en', room, await words.en());
}

/** Starts with Chinese, which is in the first file; English is fetched when it is asked for. */
export async function startI18n(language: Language = storedLanguage()): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'zh-CN',
    fallbackLng: 'zh-CN',
    resources: { 'zh-CN': { translation: zhCN } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  if (language !== 'zh-CN') await setLanguage(language);
  else document.documentElement.lang = 'zh-CN';
}

export async function setLanguage(language: Language): Promise<void> {
  if (language === 'en' && !i18next.hasResourceBundle('en', 'translation')) {
    const { en } = await import('./en.ts');
    i18next.addResourceBundle('en', 'translation', en);
  }
  if (language === 'en') await Promise.all([...rooms].map(([room, words]) => addEnglish(room, words)));
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

export function storedLanguage(): Language {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh-CN';
  } catch {
    return 'zh-CN';
  }
}
