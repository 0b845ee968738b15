import { addRoomWords } from '../../shared/i18n/index.ts';
import { rulesZhCN } from '../../shared/i18n/rules.zh-CN.ts';

/** The screens of the room, with its words in the reader's language. */
export async function room() {
  const [screens] = await Promise.all([
    import('./screens.ts'),
    addRoomWords('rules', {
      zh: rulesZhCN,
      en: async () => (await import('../../shared/i18n/rules.en.ts')).rulesEn,
    }),
  ]);
  return screens;
}
