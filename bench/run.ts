import { parseArgs } from 'node:util';

/** `npm run bench -- NAME [--json] …`: each bench prints a table, with --json one line per figure. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    sizes: { type: 'string', default: '10000,1000000' },
    seconds: { type: 'string', default: '10' },
    pairs: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '32' },
    rate: { type: 'string', default: '60' },
    home: { type: 'string', default: '.wanmi' },
    // For looking into a figure, not for taking it: both cost time themselves.
    statements: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

export interface Figure {
  name: string;
  value: number;
  unit: string;
  reference?: number;
  ratio?: number;
  goal?: number;
  note?: string;
}

const round = (n: number): number => (Math.abs(n) >= 100 ? Math.round(n) : Math.round(n * 1000) / 1000);

function print(figures: readonly Figure[]): void {
  if (values.json) {
    for (const figure of figures) console.log(JSON.stringify({ ...figure, value: round(figure.value) }));
    return;
  }
  console.table(
    Object.fromEntries(
      figures.map(({ name, value, unit, reference, ratio, goal, note }) => [
        name,
        {
          value: round(value),
          unit,
          reference: reference === undefined ? '' : round(reference),
          ratio: ratio === undefined ? '' : round(ratio),
          goal: goal ?? '',
          note: note ?? '',
        },
      ]),
    ),
  );
}

const benches: Record<string, () => Promise<{ bench: (options: BenchOptions) => Promise<Figure[]> }>> = {
  crash: () => import('./crash.ts'),
  drill: () => import('./drill.ts'),
  growth: () => import('./growth.ts'),
  import: () => import('./import.ts'),
  latency: () => import('./latency.ts'),
  loop: () => import('./loop.ts'),
  process: () => import('./process.ts'),
  tryout: () => import('./tryout.ts'),
};

export interface BenchOptions {
  sizes: number[];
  seconds: number;
  pairs: number;
  concurrency: number;
  /** Life cycles a second that are offered. */
  rate: number;
  home: string;
  statements: boolean;
  profile: boolean;
  kills: number;
  seed: number;
  log: (line: string) => void;
}

const name = positionals[0] ?? '';
const load = benches[name];
if (!load) {
  console.error(
    `usage: npm run bench -- ${Object.keys(benches).join(' | ')} [--json] [--sizes 10000,1000000]`,
  );
  process.exit(2);
}
const { bench } = await load();
print(
  await bench({
    sizes: values.sizes.split(',').map(Number),
    seconds: Number(values.seconds),
    pairs: Number(values.pairs),
    concurrency: Number(values.concurrency),
    rate: Number(values.rate),
    home: values.home,
    statements: values.statements,
    profile: values.profile,
    kills: Number(values.kills),
    seed: Number(values.seed),
    // Progress goes beside the figures, so that --json stays one figure a line.
    log: (line) => console.error(line),
  }),
);
process.exit(0);
