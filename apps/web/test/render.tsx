import type { Me } from '@wanmi/contracts';
import { QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
  type AnyRouter,
} from '@tanstack/react-router';
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

/** The same, for what leads to other rooms or reads its address: every path shows the content. */
export async function renderAt(path: string, content: () => ReactNode, who: Me = me()) {
  const root = createRootRoute();
  const paths = [
    '/desk',
    '/cases',
    '/cases/$caseId',
    '/report',
    '/duty',
    '/transfer',
    '/rules',
    '/rules/drafts/$draftId',
  ];
  const routes = paths.map((one) =>
    createRoute({ getParentRoute: () => root, path: one, component: content }),
  );
  const router: AnyRouter = createRouter({
    routeTree: root.addChildren(routes),
    history: createMemoryHistory({ initialEntries: [path] }),
  });
  await router.load();
  // The product's own router is registered by its type; this one stands in for it.
  return { router, ...renderRoom(<RouterProvider router={router as never} />, who) };
}
