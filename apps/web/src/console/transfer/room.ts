import { addRoomWords } from '../../shared/i18n/index.ts';
import { transferZhCN } from '../../shared/i18n/transfer.zh-CN.ts';

/** The screen of the room comes with its words in the reader's language. */
export async function transfer() {
  const words = addRoomWords('transfer', {
    zh: transferZhCN,
    en: async () => (await import('../../shared/i18n/transfer.en.ts')).transferEn,
  });
  const [screen] = await Promise.all([import('./Transfer.tsx'), words]);
  return screen;
}
