import { problem } from '#platform/errors';

/**
 * What NIST SP 800-63B §3.1.1.2 asks: long, and not what a guesser tries first. No rules about kinds of
 * characters: they make passwords that people write down.
 * @throws auth.weakPassword
 */
export function checkPassword(password: string, known: readonly string[]): void {
  const plain = password.normalize('NFKC').toLowerCase();
  const letters = Array.from(plain);
  if (letters.length < 10) throw problem('auth.weakPassword', { reason: 'short' });
  if (new Set(letters).size < 5) throw problem('auth.weakPassword', { reason: 'repetitive' });
  if (isRun(letters)) throw problem('auth.weakPassword', { reason: 'sequence' });
  if (leftOf(plain, COMMON) < 4) throw problem('auth.weakPassword', { reason: 'common' });
  const own = known.map((word) => word.normalize('NFKC').toLowerCase()).filter((word) => word.length > 2);
  if (leftOf(plain, own) < 4) throw problem('auth.weakPassword', { reason: 'personal' });
}

/** What is to be guessed when these words are known. */
function leftOf(password: string, words: readonly string[]): number {
  return words.reduce((left, word) => left.replaceAll(word, ''), password).length;
}

const COMMON = [
  'password',
  'passw0rd',
  'qwertyuiop',
  'qwerty',
  'iloveyou',
  'woaini',
  'admin',
  'wanmi',
  'welcome',
  '123456',
];

/** 1234567890, abcdefghij, 9876543210. */
function isRun(letters: readonly string[]): boolean {
  const steps = letters.slice(1).map((letter, at) => letter.codePointAt(0)! - letters[at]!.codePointAt(0)!);
  const same = steps.filter((step) => step === steps[0]).length;
  return Math.abs(steps[0] ?? 9) <= 1 && same >= steps.length - 1;
}
