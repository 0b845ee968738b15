import type { ActionReply, Task } from '@wanmi/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { post } from '../../shared/api/client.ts';

interface Ask {
  task: Task;
  action: string;
  data: Record<string, unknown>;
}

/**
 * One action on one task. The key of a request stays with its content: sent again after a broken line, the same
 * request gets the same answer and is never done twice; a changed form is a new request.
 */
export function useAct() {
  const queries = useQueryClient();
  const sent = useRef<{ content: string; key: string } | null>(null);
  return useMutation({
    mutationFn: ({ task, action, data }: Ask) => {
      const content = JSON.stringify([task.id, action, task.version, data]);
      if (sent.current?.content !== content) sent.current = { content, key: crypto.randomUUID() };
      return post<ActionReply>(
        `/tasks/${task.id}/actions/${action}`,
        { version: task.version, data },
        { headers: { 'idempotency-key': sent.current.key } },
      );
    },
    onSettled: (_reply, _error, { task }) => {
      void queries.invalidateQueries({ queryKey: ['case', task.caseId] });
      void queries.invalidateQueries({ queryKey: ['taskCounts'] });
    },
  });
}
