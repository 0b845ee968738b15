import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useRef } from 'react';
import { call } from './client.ts';

export interface Sending {
  method?: 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * A write that may be repeated: the key of a request stays with its content, so that what is sent again after a
 * broken line is done once. What it touched is read again.
 */
export function useSend<T>(touched: QueryKey[] = []) {
  const queries = useQueryClient();
  const sent = useRef<{ content: string; key: string } | null>(null);
  return useMutation({
    mutationFn: ({ method = 'POST', path, body, headers }: Sending) => {
      const file = body instanceof FormData;
      const content = file ? '' : JSON.stringify([method, path, body]);
      // A file may have changed under its name: it is always a new request.
      if (file || sent.current?.content !== content) sent.current = { content, key: crypto.randomUUID() };
      return call<T>(method, path, {
        ...(body === undefined ? {} : { body }),
        headers: { 'idempotency-key': sent.current.key, ...headers },
      });
    },
    onSuccess: () => {
      sent.current = null;
    },
    onSettled: () => {
      for (const queryKey of touched) void queries.invalidateQueries({ queryKey });
    },
  });
}
