import { sql } from 'kysely';
import { createPerson } from '#modules/org';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { Cells, Rejected } from './cells.ts';
import { judged, plain, recorder, type Ask, type Change, type Importer, type Verdict } from './importer.ts';
import type { Row } from './table.ts';

interface PersonNow {
  id: string;
  key: string;
  cityId: string;
  name: string;
  phone: string | null;
  locale: string;
  ended: boolean;
}

interface Plan {
  readonly username: string;
  readonly name: string;
  readonly phone: string | null;
  readonly locale: string;
  readonly now: PersonNow | null;
}

const USERNAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{1,63}$/u;
const PHONE = /^[+\d][\d\- ]{4,19}$/;

/**
 * 人员: known by their user name. No file holds passwords: a new person signs in after the administrator gave one.
 * Name and phone are personal data in a table of their own, which keeps no history so that they can be erased.
 */
export async function personImporter(platform: Platform, ask: Ask): Promise<Importer<Plan>> {
  const { actor } = ask;
  const { cityId } = actor;
  const record = recorder(platform, ask, 'person');

  function read(cells: Cells, known: PersonNow | undefined): Plan {
    const username = cells.code('username', /^[^\s]{1,100}$/u)!;
    if (!USERNAME.test(username)) throw new Rejected('person.username', 'username');
    // The names are those of the whole installation: whose it is, is not told.
    if (known && (known.cityId !== cityId || known.ended)) throw new Rejected('person.taken', 'username');
    const phone = cells.text('phone', 60)?.normalize('NFKC') ?? null;
    if (phone !== null && !PHONE.test(phone)) throw new Rejected('person.phone', 'phone');
    return {
      username,
      name: cells.text('name', 60)!,
      phone: cells.has('phone') ? phone : (known?.phone ?? null),
      locale: cells.choice('locale') ?? known?.locale ?? 'zh-CN',
      now: known ?? null,
    };
  }

  return {
    chunk: 500,
    key: keyOf,
    async judge(db, rows) {
      const people = await readPeople(
        db,
        rows.map(keyOf).filter((key) => key !== null),
      );
      return rows.map((row): Verdict<Plan> => {
        const key = keyOf(row);
        return judged(row, key, () => {
          const plan = read(new Cells('people', row), people.get(key ?? ''));
          const { now } = plan;
          const same =
            now !== null && now.name === plan.name && now.phone === plan.phone && now.locale === plan.locale;
          return { what: now === null ? 'created' : same ? 'unchanged' : 'changed', key: key!, plan };
        });
      });
    },
    async write(trx, rows) {
      const changes: Change[] = [];
      for (const { row, what, plan } of rows) {
        if (what === 'unchanged') continue;
        const id = plan.now === null ? await create(trx, plan) : await change(trx, plan, plan.now);
        changes.push({
          row: row.row,
          entity: 'person',
          entityId: id,
          beforeId: null,
          what: what as 'created' | 'changed',
        });
      }
      return { changes, refused: new Map() };
    },
    /** Whoever came with it leaves, unless there are posts by now; what was changed has no earlier form. */
    async undo(trx, { entityId, what }) {
      if (what === 'changed') return false;
      const at = new Date(platform.clock.now());
      const { rows } = await sql`
        update person q set valid_to = ${at}
         where q.id = ${entityId}::uuid and q.city_id = ${cityId}::uuid and q.valid_to is null
           and not exists (select 1 from post p where p.person_id = q.id
                            and (p.valid_to is null or p.valid_to > ${at}))
         returning q.id`.execute(trx);
      if (rows.length === 0) return false;
      await record(trx, 'person.disable', entityId, {});
      return true;
    },
  };

  async function create(trx: Trx, { username, name, phone, locale }: Plan): Promise<string> {
    const id = await createPerson(trx, platform, {
      cityId,
      username,
      name,
      phone,
      locale,
      passwordHash: null,
    });
    await record(trx, 'person.create', id, {});
    return id;
  }

  async function change(trx: Trx, { name, phone, locale }: Plan, now: PersonNow): Promise<string> {
    await sql`update person_profile set name = ${name}, phone = ${phone} where person_id = ${now.id}::uuid`.execute(
      trx,
    );
    await sql`update person set locale = ${locale} where id = ${now.id}::uuid`.execute(trx);
    const fields = [
      ...(now.name === name ? [] : ['name']),
      ...(now.phone === phone ? [] : ['phone']),
      ...(now.locale === locale ? [] : ['locale']),
    ];
    await record(trx, 'person.change', now.id, { fields });
    return now.id;
  }
}

/** Capitals do not count. */
const keyOf = ({ values }: Row): string | null => plain(values['username']).toLowerCase() || null;

async function readPeople(db: Db | Trx, names: readonly string[]): Promise<Map<string, PersonNow>> {
  const { rows } = await sql<PersonNow>`
    select q.id, lower(q.username) as key, q.city_id as "cityId", f.name, f.phone, q.locale,
           q.valid_to is not null as ended
      from person q join person_profile f on f.person_id = q.id
     where lower(q.username) = any(${[...names]}::text[])`.execute(db);
  return new Map(rows.map((person) => [person.key, person]));
}
