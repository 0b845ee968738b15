// `npm run demo -- --size S|M|L|XL`: a demo city of that size in a home of its own, beside the one of `npm start`.
// Everything else goes to the server.
import { SetupError, buildWeb, log, main, ownNode, requirePackages, run } from './setup.mjs';

await main(async () => {
  const node = ownNode();
  requirePackages('fastify', 'pg');
  const given = process.argv.slice(2);
  const size = sizeOf(given);
  const has = (flag) => given.some((argument) => argument === flag || argument.startsWith(`${flag}=`));
  await buildWeb(log);
  const usual = [
    ...(has('--services') || process.env.WANMI_SERVICES ? [] : ['--services=web,worker']),
    ...(has('--demo') ? [] : ['--demo']),
    ...(has('--home') || process.env.WANMI_HOME ? [] : [`--home=.wanmi/demo-${size}`]),
  ];
  return run(node, ['apps/server/src/main.ts', ...usual, ...given]);
});

function sizeOf(given) {
  const at = given.findIndex((one) => one === '--size' || one.startsWith('--size='));
  const size = (at < 0 ? 'S' : (given[at].split('=')[1] ?? given[at + 1] ?? '')).toUpperCase();
  if (!['S', 'M', 'L', 'XL'].includes(size)) throw new SetupError('--size must be one of S, M, L, XL');
  return size;
}
