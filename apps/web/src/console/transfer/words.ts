import type { Text, TransferBatch, TransferKind, TransferReason } from '@wanmi/contracts';
import { TRANSFER_COLUMNS, TRANSFER_REASONS } from '@wanmi/contracts/words';
import i18next from 'i18next';

export const reasonText = (reason: string): Text | null =>
  Object.hasOwn(TRANSFER_REASONS, reason) ? TRANSFER_REASONS[reason as TransferReason] : null;

/** A column as people call it; one of the file's own is called as it is there. */
export const fieldText = (kind: TransferKind, field: string): Text =>
  TRANSFER_COLUMNS[kind].find(({ key }) => key === field)?.name ?? { 'zh-CN': field, en: field };

/** Why a batch failed: the words for its code, and what was missing. */
export function faultOf(problem: string): { key: string; detail: string } {
  const [code = '', ...detail] = problem.split(' ');
  return { key: i18next.exists(`transfer:fault.${code}`) ? code : 'other', detail: detail.join(' ') };
}

export function stateOf({ mode, state }: Pick<TransferBatch, 'mode' | 'state'>) {
  if (mode === 'dry' && state === 'running') return 'trying';
  return mode === 'dry' && state === 'done' ? 'tried' : state;
}

/** What a code of a register's reasons or remarks means; one that is not known is told as it is. */
export const codeText = (code: string): string =>
  i18next.exists(`transfer:code.${code}`)
    ? i18next.t(`transfer:code.${code}` as 'transfer:code.row.torn')
    : code;
