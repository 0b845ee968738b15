import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { setPassword } from '#modules/org';
import { Problem } from '../platform/errors.ts';
import { CliError, say, withInstallation } from './open.ts';

export function userCommand(): Command {
  const passwd = new Command('passwd')
    .description("give a person a new password; all the person's sessions end")
    .argument('<username>')
    .option('--stdin', 'read the password from standard input, instead of making one')
    .action(async (username: string, { stdin }: { stdin?: boolean }) => {
      const password = stdin
        ? (await text(process.stdin)).replace(/\r?\n$/, '')
        : randomBytes(12).toString('base64url');
      await withInstallation(({ platform }) => setPassword(platform, username, password)).catch(explain);
      if (!stdin) say(password);
    });
  return new Command('user').description('people who sign in').addCommand(passwd);
}

function explain(error: unknown): never {
  if (error instanceof Problem && error.code === 'notFound') throw new CliError('nobody has this user name');
  if (error instanceof Problem && error.code === 'auth.weakPassword') {
    throw new CliError(`the password is too weak (${String(error.params['reason'])})`);
  }
  throw error;
}
