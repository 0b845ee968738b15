import type { ProblemDetails } from '@wanmi/contracts';

/** What the screen itself finds wrong, beside the codes of the server. */
export type LocalCode = 'network' | 'timeout' | 'unreadable';

/** A refusal or failure with a stable code (RFC 9457); text comes from the catalogue, by code. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly problem: Partial<ProblemDetails>;

  constructor(code: string, status: number, problem: Partial<ProblemDetails> = {}, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.problem = problem;
  }

  get params(): Record<string, unknown> {
    return this.problem.params ?? {};
  }

  /** Trying the same again may help: nothing is known about what the server did. */
  get transient(): boolean {
    return this.status === 0 || this.status === 503 || this.status === 502 || this.status === 504;
  }
}

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('unreadable', 0, {}, error);
}
