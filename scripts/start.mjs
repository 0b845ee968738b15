// `npm start`: the product with a demo city, from nothing. Arguments go to the server (`npm start -- --size M`).
import { buildWeb, log, main, ownNode, requirePackages, run } from './setup.mjs';

await main(async () => {
  const node = ownNode();
  requirePackages('fastify', 'pg');
  await buildWeb(log);
  const given = process.argv.slice(2);
  const has = (flag) => given.some((argument) => argument === flag || argument.startsWith(`${flag}=`));
  const usual = [
    ...(has('--services') || process.env.WANMI_SERVICES ? [] : ['--services=web,worker']),
    ...(has('--demo') || has('--no-demo') ? [] : ['--demo']),
  ];
  return run(node, [
    'apps/server/src/main.ts',
    ...usual,
    ...given.filter((argument) => argument !== '--no-demo'),
  ]);
});
