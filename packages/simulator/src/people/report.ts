import type { ReportBody, ReportReply, Source } from '@wanmi/contracts';
import { drawPhoto } from '../photo/draw.ts';
import { createRandom, type Random } from '../geo/random.ts';
import type { Cast, Person } from './cast.ts';
import { localIso, localTime } from './local-time.ts';
import type { Places, Spot } from './places.ts';
import { CALLS, callerOf, SHOPS, STORIES, THINGS, type Story } from './stories.ts';

export interface ReportAsk {
  cast: Cast;
  places: Places;
  /** The city's time. */
  at: number;
  source: Source;
  random: Random;
}

/** Somebody sees something and reports it. Null: nobody of those who are played could. */
export async function reportSomething(ask: ReportAsk): Promise<ReportReply | null> {
  const { cast, places, at, source, random } = ask;
  const story = chooseStory(places, at, random);
  const spot = chooseSpot(places, story, random);
  const person = await reporterFor(cast, spot, source, random);
  if (!person) return null;
  await cast.as(person);
  const body = tell(story, spot, source, random);
  if (source === 'collector' || (source !== 'hotline12319' && random.chance(0.5))) {
    const shot = { takenAt: localIso(at, places.timeZone), lon: spot.lon, lat: spot.lat };
    const { hour } = localTime(at, places.timeZone);
    const seed = photoSeed(body.description, body.position ?? null);
    const photo = drawPhoto({ seed, subject: story.subject, state: 'before', hour, shot });
    body.mediaIds = [(await person.client.photo(photo.bytes, photo.mime)).id];
  }
  if (source !== 'collector') await joinSimilar(person, places, body, random);
  return person.client.report(body);
}

/** Before and after are drawn of one street: what a case shows of itself names it. */
export function photoSeed(description: string, point: { lon: number; lat: number } | null): string {
  return `${description} ${point ? `${point.lon.toFixed(5)} ${point.lat.toFixed(5)}` : ''}`;
}

function chooseStory(places: Places, at: number, random: Random): Story {
  const { hour } = localTime(at, places.timeZone);
  const usual = STORIES.filter(
    ({ category, hours }) =>
      places.categories.has(category) && (!hours || (hour >= hours[0] && hour < hours[1])),
  );
  // A city in other classes: anything of its own, told in general words.
  if (usual.length === 0) {
    const [category] = random.pick([...places.categories]);
    const texts = ['{place}发现问题，请派人处理。', '{place}有异常情况，影响通行。'];
    return { category: category as Story['category'], weight: 1, subject: 'rubbish', texts };
  }
  let left = random.next() * usual.reduce((sum, { weight }) => sum + weight, 0);
  return usual.find(({ weight }) => (left -= weight) < 0) ?? (usual[0] as Story);
}

const METRE = 1 / 111_320;

function chooseSpot(places: Places, story: Story, random: Random): Spot {
  const exact = places.byCategory.get(story.category);
  if (exact && exact.length > 0) return random.pick(exact);
  const near = random.pick(places.spots);
  // Some steps along the road, and not the asset itself.
  const away = (): number => Math.round(random.between(-6, 6) * METRE * 1e7) / 1e7;
  return { ...near, lon: near.lon + away(), lat: near.lat + away(), assetId: null, category: null };
}

/** A collector reports in his own beat; what comes in otherwise an operator takes down. */
async function reporterFor(cast: Cast, spot: Spot, source: Source, random: Random): Promise<Person | null> {
  const people = cast.of(source === 'collector' ? 'collector' : 'operator');
  const somebody = people.length > 0 ? random.pick(people) : null;
  if (source !== 'collector' || !somebody) return somebody;
  await cast.as(somebody);
  const { patrolGrid } = await somebody.client.placeAt(spot.lon, spot.lat);
  return cast.walkerOf(patrolGrid?.id) ?? somebody;
}

/** What is told of a story at a place, as a report by that way. */
export function tell(
  story: Story,
  spot: Spot,
  source: Source,
  random: Random,
): ReportBody & { description: string } {
  const place = spot.address ?? '路边';
  const slots: Record<string, () => string> = {
    place: () => (/[旁边上处]$/.test(place) ? place : `${place}附近`),
    metres: () => String(random.int(1, 9)),
    count: () => String(random.int(2, 8)),
    shop: () => random.pick(SHOPS),
    thing: () => random.pick(THINGS),
  };
  const told = random.pick(story.texts).replaceAll(/\{(\w+)\}/g, (_, slot: string) => slots[slot]?.() ?? '');
  const called = source.startsWith('hotline');
  const description = called ? random.pick(CALLS).replace('{text}', told) : told;
  return {
    kind: 'problem',
    source,
    categoryCode: story.category,
    description,
    position: {
      lon: spot.lon,
      lat: spot.lat,
      ...(source === 'collector' ? { accuracy: random.int(3, 15) } : {}),
    },
    ...(spot.address ? { address: spot.address } : {}),
    ...(spot.assetId && story.category.startsWith('asset') ? { assetId: spot.assetId } : {}),
    ...(called || source === 'publicApp'
      ? { reporter: { ...callerOf(random), wantsReply: random.chance(0.6) } }
      : {}),
    // A good operator decides while the caller is still on the line; the others leave it to the next one.
    ...(called && random.chance(0.3) ? { decision: 'sendVerify' as const } : {}),
  };
}

/** Some callers speak of what is known already: an operator who looks lets them join. */
async function joinSimilar(person: Person, places: Places, body: ReportBody, random: Random): Promise<void> {
  const categoryId = places.categories.get(body.categoryCode ?? '');
  if (!categoryId || !body.position || !random.chance(0.4)) return;
  const { items } = await person.client.similar(body.position.lon, body.position.lat, categoryId);
  const known = items[0];
  if (!known) return;
  body.joinCaseId = known.id;
  delete body.decision;
}

/** A stream of its own for each report, whatever the ones before it drew. */
export const randomOf = (seed: number | string, number: number): Random =>
  createRandom(seed, `report ${number}`);
