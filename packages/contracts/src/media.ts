import { z } from 'zod';
import { Id, Instant, Point } from './common.ts';

export const Media = z
  .object({
    id: Id,
    mime: z.string(),
    bytes: z.int(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    takenAt: Instant.nullable(),
    position: Point.nullable().meta({ description: 'from EXIF; stripped from what is served' }),
    url: z.string(),
    thumbnailUrl: z.string().nullable(),
    reusedIn: z.array(z.string()).meta({
      description: 'numbers of other cases that hold the same photo (only those the viewer may see)',
    }),
    reused: z.boolean().meta({ description: 'the same photo is already used in another case' }),
  })
  .meta({ id: 'Media' });
export type Media = z.infer<typeof Media>;
