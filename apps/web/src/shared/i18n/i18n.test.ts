import { ACTIONS, EVENT_OF_ACTION, EVENT_TYPES, LIMIT_UNITS, MEDIA_PURPOSES } from '@wanmi/contracts/words';
import i18next from 'i18next';
import { describe, expect, test } from 'vitest';
import { backupsEn } from './backups.en.ts';
import { backupsZhCN } from './backups.zh-CN.ts';
import { en } from './en.ts';
import { setLanguage } from './index.ts';
import { pickText, wordOf } from './text.ts';
import { rulesEn } from './rules.en.ts';
import { rulesZhCN } from './rules.zh-CN.ts';
import { transferEn } from './transfer.en.ts';
import { transferZhCN } from './transfer.zh-CN.ts';
import { zhCN } from './zh-CN.ts';

type Tree = { readonly [key: string]: string | Tree };

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else for (const [path, text] of flat(value, `${prefix}${key}.`)) found.set(path, text);
  }
  return found;
}

const chinese = new Map([
  ...flat(zhCN),
  ...flat(rulesZhCN, 'rules:'),
  ...flat(transferZhCN, 'transfer:'),
  ...flat(backupsZhCN, 'backups:'),
]);
const english = new Map([
  ...flat(en),
  ...flat(rulesEn, 'rules:'),
  ...flat(transferEn, 'transfer:'),
  ...flat(backupsEn, 'backups:'),
]);
const names = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

describe('the two catalogues', () => {
  test('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });

  test('have words for every key', () => {
    const empty = [...chinese, ...english].filter(([, text]) => text.trim() === '');
    expect(empty).toEqual([]);
  });

  test('put the same figures in', () => {
    const differing = [...chinese].filter(
      ([key, text]) => names(text).join() !== names(english.get(key) ?? '').join(),
    );
    expect(differing).toEqual([]);
  });

  test('speak calmly: no exclamation marks', () => {
    expect([...chinese.values(), ...english.values()].filter((text) => /[!！]/.test(text))).toEqual([]);
  });

  test('keep Chinese out of English, but for the name', () => {
    const mixed = [...english.values()].filter((text) => /\p{Script=Han}/u.test(text.replace('万米', '')));
    expect(mixed).toEqual([]);
  });
});

describe('keys that are put together from codes', () => {
  const needed = [
    ...LIMIT_UNITS.map((unit) => `limit.${unit}`),
    ...MEDIA_PURPOSES.map((purpose) => `media.purpose.${purpose}`),
    ...ACTIONS.filter((action) => action !== 'claim' && action !== 'release').map(
      (action) => `effect.of.${action}`,
    ),
  ];
  test.each(needed)('%s', (key) => {
    expect(chinese.get(key)).toBeTruthy();
  });

  test('every entry of the log has a name: its own, or that of its action', () => {
    const named = new Set<string>(ACTIONS.map((action) => EVENT_OF_ACTION[action]));
    const nameless = EVENT_TYPES.filter((type) => !named.has(type)).filter(
      (type) => !chinese.has(`event.${type}`),
    );
    expect(nameless).toEqual([]);
  });
});

test('English is fetched when it is asked for', async () => {
  await setLanguage('en');
  expect(i18next.t('state.retry')).toBe('Try again');
  expect(document.documentElement.lang).toBe('en');
  await setLanguage('zh-CN');
  expect(i18next.t('state.retry')).toBe('重试');
});

test('a name falls back to the other language, and nothing is —', () => {
  expect(pickText({ 'zh-CN': '人民路', en: '' }, 'en')).toBe('人民路');
  expect(pickText(null, 'zh-CN')).toBe('—');
});

test('a code that the glossary does not know is shown as it is called', () => {
  expect(pickText(wordOf({ file: { 'zh-CN': '立案', en: 'File' } }, 'x-local'), 'en')).toBe('x-local');
});
