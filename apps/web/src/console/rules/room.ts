import { addRoomWords } from '../../shared/i18n/index.ts';
import { rulesZhCN } from '../../shared/i18n/rules.zh-CN.ts';

const words = () =>
  addRoomWords('rules', {
    zh: rulesZhCN,
    en: async () => (await import('../../shared/i18n/rules.en.ts')).rulesEn,
  });

/** A screen of the room comes with its words in the reader's language. */
export async function rules() {
  const [screen] = await Promise.all([import('./Rules.tsx'), words()]);
  return screen;
}

export async function draft() {
  const [screen] = await Promise.all([import('./Draft.tsx'), words()]);
  return screen;
}
