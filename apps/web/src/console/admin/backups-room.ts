import { backupsZhCN } from '../../shared/i18n/backups.zh-CN.ts';
import { addRoomWords } from '../../shared/i18n/index.ts';

/** The screen of the room comes with its words in the reader's language. */
export async function backups() {
  const words = addRoomWords('backups', {
    zh: backupsZhCN,
    en: async () => (await import('../../shared/i18n/backups.en.ts')).backupsEn,
  });
  const [screen] = await Promise.all([import('./Backups.tsx'), words]);
  return screen;
}
