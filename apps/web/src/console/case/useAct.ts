import type { ActionReply } from '@wanmi/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { post } from '../../shared/api/client.ts';
import type { Subject } from './asked.ts';

interface Ask {
  subject: Subject;
  action: string;
  data: Record<string, unknown>;
}

/**
 * One action on one task, or on the case itself. The key of a request stays with its content: sent again after a
 * broken line, the same request gets the same answer and is never done twice; a changed form is a new request.
 */
export function useAct() {
  const queries = useQueryClient();
  const sent = useRef<{ content: string; key: string } | null>(null);
  return useMutation({
    mutationFn: ({ subject, action, data }: Ask) => {
      const { kind, id, version } = subject;
      const body = {
        version,
        data,
        ...(subject.kind === 'case' && subject.assignmentId ? { assignmentId: subject.assignmentId } : {}),
      };
      const path = `/${kind}s/${id}/actions/${action}`;
      const content = JSON.stringify([path, body]);
      if (sent.current?.content !== content) sent.current = { content, key: crypto.randomUUID() };
      return post<ActionReply>(path, body, { headers: { 'idempotency-key': sent.current.key } });
    },
    onSettled: (_reply, _error, { subject }) => {
      void queries.invalidateQueries({ queryKey: ['case', subject.caseId] });
      void queries.invalidateQueries({ queryKey: ['taskCounts'] });
    },
  });
}
