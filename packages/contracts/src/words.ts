/**
 * What a browser takes of the contracts: words and their names, without the schemas and the library that checks them,
 * which weighs more than a screen and asks whether it may compile code, which our content security policy forbids.
 */
export * from './vocabulary.ts';
export * from './glossary.ts';
export * from './permissions.ts';
export * from './transfer-words.ts';
