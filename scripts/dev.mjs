// `npm run dev`: the server, which restarts on a change, and Vite, which reloads the page.
import { spawn } from 'node:child_process';
import path from 'node:path';
import {
  forwardSignals,
  log,
  main,
  ownEnvironment,
  ownNode,
  requirePackages,
  rerunOnOwnNode,
  root,
} from './setup.mjs';

await main(async () => {
  const elsewhere = await rerunOnOwnNode(import.meta.url);
  if (elsewhere !== undefined) return elsewhere;
  requirePackages('fastify', 'pg', 'vite');

  // Our own use of the cluster keeps the database running while the server restarts.
  const { ensureCluster } = await import('../apps/server/src/platform/cluster.ts');
  const cluster = await ensureCluster({ home: path.resolve(root, process.env.WANMI_HOME ?? '.wanmi'), log });

  const port = process.env.PORT ?? '8080';
  const children = [
    start(
      ownNode(),
      [
        '--watch',
        '--watch-preserve-output',
        'apps/server/src/main.ts',
        '--services=web,worker',
        '--demo',
        ...process.argv.slice(2),
      ],
      root,
    ),
    start(path.join(root, 'node_modules/.bin/vite'), [], path.join(root, 'apps/web'), {
      WANMI_BACKEND: process.env.WANMI_BACKEND ?? `http://127.0.0.1:${port}`,
    }),
  ];
  const code = await Promise.race(children.map((child) => child.ended));
  for (const child of children) child.stop();
  await Promise.all(children.map((child) => child.ended));
  await cluster.stop();
  return code;
});

function start(file, args, cwd, env = {}) {
  const child = spawn(file, args, {
    cwd,
    env: ownEnvironment(env),
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: process.platform !== 'win32',
  });
  const stopForwarding = forwardSignals(child);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      stopForwarding();
      resolve(code ?? 0);
    });
  });
  return { ended, stop: () => child.kill('SIGTERM') };
}
