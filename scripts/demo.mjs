// `npm run demo -- --size S|M|L|XL [--model district|twoLevels|county] [--pace 60]`: a demo city of that size, and of
// that model's rules, in a home of its own, beside the one of `npm start`. `--pace`: so many seconds of the city go by in
// one of ours (0: it stands). Everything else goes to the server.
import { SetupError, buildWeb, log, main, ownNode, requirePackages, run } from './setup.mjs';

await main(async () => {
  const node = ownNode();
  requirePackages('fastify', 'pg');
  const given = withPace(process.argv.slice(2));
  const size = sizeOf(given);
  const model = valueOf(given, '--model');
  const has = (flag) => given.some((argument) => argument === flag || argument.startsWith(`${flag}=`));
  await buildWeb(log);
  const usual = [
    ...(has('--services') || process.env.WANMI_SERVICES ? [] : ['--services=web,worker']),
    ...(has('--demo') ? [] : ['--demo']),
    ...(has('--home') || process.env.WANMI_HOME
      ? []
      : [`--home=.wanmi/demo-${size}${model === undefined ? '' : `-${model}`}`]),
  ];
  return run(node, ['apps/server/src/main.ts', ...usual, ...given]);
});

/** The pace of a city is the rate of its virtual clock: whoever is played lives by that clock. */
function withPace(given) {
  const pace = valueOf(given, '--pace');
  if (pace === undefined) return given;
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(pace)) throw new SetupError('--pace must be a number such as 1 or 60');
  const at = given.findIndex((one) => one === '--pace' || one.startsWith('--pace='));
  const rest = given.toSpliced(at, given[at].includes('=') ? 1 : 2);
  return [...rest, `--virtual-clock=${pace}`];
}

function valueOf(given, flag) {
  const at = given.findIndex((one) => one === flag || one.startsWith(`${flag}=`));
  return at < 0 ? undefined : (given[at].split('=')[1] ?? given[at + 1] ?? '');
}

function sizeOf(given) {
  const size = (valueOf(given, '--size') ?? 'S').toUpperCase();
  if (!['S', 'M', 'L', 'XL'].includes(size)) throw new SetupError('--size must be one of S, M, L, XL');
  const model = valueOf(given, '--model');
  if (model !== undefined && !['district', 'twoLevels', 'county'].includes(model)) {
    throw new SetupError('--model must be one of district, twoLevels, county');
  }
  return size;
}
