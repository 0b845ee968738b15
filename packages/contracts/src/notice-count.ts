import { z } from 'zod';

/** Unread notices of the caller's post, counted up to 100. */
export const NoticeCount = z
  .object({ unread: z.int(), capped: z.boolean().meta({ description: 'there are more than were counted' }) })
  .meta({ id: 'NoticeCount' });
export type NoticeCount = z.infer<typeof NoticeCount>;
