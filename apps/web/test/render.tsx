import type { Me } from '@wanmi/contracts';
import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { Kit } from '../src/console/App.tsx';
import { MeContext } from '../src/console/me.ts';
import { makeQueryClient } from '../src/shared/api/queries.ts';
import { sessionOpened } from '../src/shared/api/session.ts';
import { me } from './world.ts';

/** Renders what stands behind the door: kit, queries and a person. */
export function renderRoom(content: ReactNode, who: Me = me()) {
  sessionOpened(who.csrf);
  const queries = makeQueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queries}>
      <Kit>
        <MeContext value={who}>{children}</MeContext>
      </Kit>
    </QueryClientProvider>
  );
  return { queries, ...render(content, { wrapper }) };
}
