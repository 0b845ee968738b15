import type { RuleTranslation } from './rules.zh-CN.ts';
export const rulesEn = {} as RuleTranslation;
