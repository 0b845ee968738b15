// `npm run db:new <name>`: the next numbered migration. Forward only; first line `-- breaking` where running
// processes must stop first.
import { readdirSync, writeFileSync } from 'node:fs';

const folder = 'apps/server/migrations';
const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9_]{2,40}$/.test(name)) {
  console.error('usage: npm run db:new <name in snake_case>');
  process.exit(2);
}
const last = Math.max(...readdirSync(folder).map((file) => Number.parseInt(file, 10) || 0));
const file = `${folder}/${String(last + 1).padStart(4, '0')}_${name}.sql`;
writeFileSync(file, `-- Why: \n`, { flag: 'wx' });
console.log(file);
