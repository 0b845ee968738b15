import type { ActionReply, Task, TaskAction } from '@wanmi/contracts';
import { fillForm, type FormSchema } from '../fill.ts';
import { drawPhoto, type Subject } from '../photo/draw.ts';
import { createRandom, type Random } from '../geo/random.ts';
import { dispatchChoice, type DispatchShares } from './dispatch.ts';
import type { Person } from './cast.ts';
import { limitLength } from './habits.ts';
import type { TaskSeen } from './decide.ts';
import { localIso, localTime } from './local-time.ts';
import { photoSeed } from './report.ts';
import { STORIES } from './stories.ts';

/** A task as decisions look at it. */
export function seen(task: Task): TaskSeen {
  return {
    id: task.id,
    step: task.step,
    role: task.role,
    version: task.version,
    openedAt: Date.parse(task.openedAt),
    dueAt: task.clock.dueAt === null ? null : Date.parse(task.clock.dueAt),
    limit: limitLength(task.clock.limit),
    actions: task.actions.map((one) => one.action),
  };
}

export interface WorkContext {
  seed: number | string;
  /** The city's time. */
  at: number;
  timeZone: string;
  language?: 'zh-CN' | 'en';
}

/** Of which actions the form takes photos, how often they are taken, and what they show. */
const PHOTOS: Readonly<Record<string, { share: number; state: 'before' | 'after' }>> = {
  confirm: { share: 0.6, state: 'before' },
  respond: { share: 0.8, state: 'after' },
  pass: { share: 0.6, state: 'after' },
  fail: { share: 0.8, state: 'before' },
};

/** Somebody who watches a demo sees each form of dispatch within an hour or two. */
const DISPATCH: DispatchShares = { together: 0.06, flat: 0.05, crossRegion: 0.02, samePeriod: 0.02 };

/** Does one action as that person: fills its form, takes photos where they are asked for. */
export async function work(
  person: Person,
  task: Task,
  action: string,
  context: WorkContext,
): Promise<ActionReply> {
  const offered = task.actions.find((one) => one.action === action);
  if (!offered) throw new RangeError(`the task does not offer ${action}`);
  const random = createRandom(context.seed, `${task.id} ${action}`);
  const mediaIds = await takePhotos(person, task, offered, random, context);
  const data = fillForm(offered.form, random, {
    mediaIds,
    values: ownChoice(offered, random),
    optional: 0.15,
    ...(context.language ? { language: context.language } : {}),
  });
  return person.client.act(task.id, action, { version: task.version, data });
}

/**
 * What is proposed is mostly right; a shift leader sometimes files under another condition of the category, a
 * dispatcher sometimes takes another form of dispatch.
 */
function ownChoice({ action, form }: TaskAction, random: Random): Record<string, unknown> {
  if (action === 'dispatch') return dispatchChoice(form, random, DISPATCH);
  if (action !== 'file' || !random.chance(0.25)) return {};
  const properties = (form['properties'] ?? {}) as Record<string, FormSchema>;
  const offered = properties['conditionId']?.['oneOf'];
  if (!Array.isArray(offered) || offered.length === 0) return {};
  return { conditionId: (random.pick(offered) as { const: unknown }).const };
}

async function takePhotos(
  person: Person,
  task: Task,
  { action, form }: TaskAction,
  random: Random,
  { at, timeZone }: WorkContext,
): Promise<string[]> {
  const habit = PHOTOS[action];
  const asked = 'mediaIds' in ((form['properties'] ?? {}) as object);
  if (!habit || !asked || !random.chance(habit.share)) return [];
  const { description, point } = task.case;
  const photo = drawPhoto({
    seed: photoSeed(description, point),
    subject: subjectOf(task),
    state: habit.state,
    hour: localTime(at, timeZone).hour,
    ...(point ? { shot: { takenAt: localIso(at, timeZone), ...point } } : {}),
  });
  return [(await person.client.photo(photo.bytes, photo.mime)).id];
}

function subjectOf({ case: { category, description } }: Task): Subject {
  const ofClass = STORIES.filter((story) => story.category.endsWith(`:${category?.code}`));
  const told = ofClass.find(({ texts }) => texts.some((text) => description.includes(text.slice(-6))));
  return (told ?? ofClass[0])?.subject ?? 'rubbish';
}
