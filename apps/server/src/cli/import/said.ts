import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { MappingError } from '#modules/importing';
import { problemText } from '../../platform/error-text.ts';
import { Problem } from '../../platform/errors.ts';
import { CliError } from '../open.ts';

export const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(error.code === 'ENOENT' ? `${file} is not there` : error.message);
  });

export async function writeJson(file: string, value: unknown): Promise<void> {
  const out = createWriteStream(file);
  await new Promise((done) => out.end(`${JSON.stringify(value, null, 2)}\n`, () => done(null)));
}

/** What the operator can mend is said in a sentence. */
export async function said(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof MappingError) throw new CliError(error.message);
    if (error instanceof Problem) {
      const { title, detail } = problemText(error.code, error.params, 'en');
      throw new CliError(`${title}${detail ? `: ${detail}` : ''} (${error.code})`);
    }
    throw error;
  }
}
