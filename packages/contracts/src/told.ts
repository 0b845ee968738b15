import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { OUTCOMES, REPORT_KINDS, SOURCES } from './vocabulary.ts';

/** What a reporter is told of: each is one entry of the case's log. */
export const MESSAGE_KINDS = ['accepted', 'filed', 'reopened', 'unmerged', ...OUTCOMES] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** `inApp`: who reported it reads it here; `none`: no channel carries it (yet). */
export const MESSAGE_CHANNELS = ['none', 'inApp'] as const;
/** `waiting`: whoever reported it wants to hear of it, and a channel has still to carry it. */
export const MESSAGE_STATES = ['sent', 'waiting', 'none'] as const;

/** What the reporters of a case were told, those of the cases merged into it too. Who they are stands elsewhere. */
export const Told = z
  .object({
    everybody: z.boolean().meta({ description: 'each of them knows how the case stands now' }),
    items: z.array(
      z.object({
        report: z.object({
          id: Id,
          kind: z.enum(REPORT_KINDS),
          source: z.enum(SOURCES),
          reportedAt: Instant,
          caseId: Id,
          caseNo: z.string().meta({ description: 'of the case that it was reported as' }),
        }),
        messages: z.array(
          z.object({
            kind: z.enum(MESSAGE_KINDS),
            at: Instant,
            channel: z.enum(MESSAGE_CHANNELS),
            state: z.enum(MESSAGE_STATES),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Told' });
export type Told = z.infer<typeof Told>;
