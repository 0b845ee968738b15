import type { FeelContext } from '@wanmi/process';
import type { Catalog } from '#modules/catalog';
import type { ApplicationState, AssignmentState, CaseState } from './state.ts';

/** What the conditions of a drawing may ask for: names of the case, and those of one instance. */
export interface CaseVars {
  readonly vars: FeelContext;
  readonly itemVars: (items: string, key: string) => FeelContext;
}

export interface VarsOf {
  readonly catalog: Catalog;
  readonly state: Pick<CaseState, 'source' | 'kind'> &
    Partial<Pick<CaseState, 'selfHandled' | 'grade' | 'outcome' | 'filedAt' | 'endedAt'>>;
  readonly assignments?: readonly AssignmentState[];
  /** The one that is asked for or decided now. */
  readonly application?: ApplicationState | null;
  readonly data?: Record<string, unknown>;
  /** The department may still decline what it was sent. */
  readonly inWindow?: boolean;
  readonly more?: FeelContext;
}

/** Names that a drawing may read, beside the fields of forms (config/README.md). */
export const VARIABLES: readonly string[] = [
  'source',
  'kind',
  'grade',
  'verify',
  'selfHandled',
  'followUp',
  'filed',
  'ended',
  'outcome',
  'autoAccept',
  'autoSendVerify',
  'autoSendCheck',
  'autoDispatch',
  'inWindow',
  'assignments',
  'assignment',
  'application',
  'consulted',
];

export function varsOf(of: VarsOf): CaseVars {
  const { catalog, state, assignments = [], application = null, data = {}, inWindow = true, more } = of;
  const asked = application === null ? null : applicationVars(application);
  return {
    vars: {
      source: state.source,
      kind: state.kind,
      grade: state.grade ?? null,
      verify: catalog.sources.get(state.source)?.verify ?? true,
      selfHandled: state.selfHandled ?? false,
      followUp: false,
      filed: (state.filedAt ?? null) !== null,
      ended: (state.endedAt ?? null) !== null,
      outcome: state.outcome ?? null,
      autoAccept: catalog.settings.autoAccept,
      autoSendVerify: catalog.settings.autoSendVerify,
      autoSendCheck: catalog.settings.autoSendCheck,
      autoDispatch: false,
      inWindow,
      assignments: assignments.filter((a) => a.endedAt === null && a.part !== 'district').map((a) => a.id),
      consulted: Array.isArray(data['unitIds']) ? data['unitIds'] : [],
      application: asked,
      ...more,
    } as FeelContext,
    itemVars(items, key) {
      if (items !== 'assignments') return {};
      const assignment = assignments.find((a) => a.id === key);
      return {
        ...(assignment ? { assignment: assignmentVars(assignment) } : {}),
        ...(application?.assignmentId === key ? { application: asked } : {}),
      } as FeelContext;
    },
  };
}

function assignmentVars(a: AssignmentState): FeelContext {
  return {
    state: a.state,
    part: a.part,
    form: a.form,
    flat: a.form === 'flat' && a.crewId !== null,
    failedCount: a.failedCount,
    extensions: a.extensions,
    overdue: a.overdue,
  };
}

function applicationVars(a: ApplicationState): FeelContext {
  const until = a.granted?.['until'] ?? a.ask['until'];
  return {
    kind: a.kind,
    state: a.state,
    level: a.level,
    levels: a.levels,
    until: typeof until === 'string' ? until : null,
  };
}
