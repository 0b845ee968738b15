import 'i18next';
import type { backupsZhCN } from './backups.zh-CN.ts';
import type { RuleCatalogue } from './rules.zh-CN.ts';
import type { transferZhCN } from './transfer.zh-CN.ts';
import type { Catalogue } from './zh-CN.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: {
      translation: Catalogue;
      rules: RuleCatalogue;
      transfer: typeof transferZhCN;
      backups: typeof backupsZhCN;
    };
  }
}
