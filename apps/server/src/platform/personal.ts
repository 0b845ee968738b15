/**
 * Numbers by which a person can be found, in text that somebody typed: masked before it goes to where nothing can be
 * erased (the log of a case, the audit). Names cannot be told from other words; they have fields of their own.
 */
const MOBILE = /(?<![0-9A-Za-z-])(?:\+?86[- ]?)?(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?![0-9A-Za-z-])/g;
const ID_CARD = /(?<![0-9A-Za-z-])\d{17}[\dXx](?![0-9A-Za-z-])/g;
const EMAIL = /(?<![\w.+-])([\w+-])[\w.+-]{0,63}@([\w-]{1,64}\.[\w.-]{1,64})/g;

/** 138****5678, and enough of the rest to know what stood there. */
export function maskPersonal(text: string): string {
  // Most texts hold none of these: one look for a run of digits or an @ decides.
  if (!/\d{4}|@/.test(text)) return text;
  return text.replace(ID_CARD, '******').replace(MOBILE, '$1****$2').replace(EMAIL, '$1***@$2');
}

/** The same for every text in a form; what holds none stays the same value. */
export function maskedForm<T>(value: T): T {
  if (typeof value === 'string') return maskPersonal(value) as T;
  if (Array.isArray(value)) return value.map((entry: unknown) => maskedForm(entry)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, maskedForm(entry)])) as T;
}
