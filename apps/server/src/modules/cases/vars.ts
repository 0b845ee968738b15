import type { FeelContext } from '@wanmi/process';
import type { Catalog } from '#modules/catalog';
import { goesToInspector, isVerified } from './decisions.ts';
import type { ApplicationState, AssignmentState, CaseState } from './state.ts';

/** What the conditions of a drawing may ask for: names of the case, and those of one instance. */
export interface CaseVars {
  readonly vars: FeelContext;
  readonly itemVars: (items: string, key: string) => FeelContext;
}

/** What of an assignment, and of an application, a drawing may ask for. */
export type AssignmentFacts = Pick<
  AssignmentState,
  'id' | 'part' | 'form' | 'crewId' | 'state' | 'failedCount' | 'extensions' | 'overdue' | 'endedAt'
>;
export type ApplicationFacts = Pick<
  ApplicationState,
  'assignmentId' | 'kind' | 'state' | 'level' | 'levels' | 'ask' | 'granted'
>;

export interface VarsOf {
  readonly catalog: Catalog;
  readonly state: Pick<CaseState, 'source' | 'kind'> &
    Partial<Pick<CaseState, 'selfHandled' | 'grade' | 'outcome' | 'filedAt' | 'endedAt'>>;
  readonly assignments?: readonly AssignmentFacts[];
  /** The one that is asked for or decided now. */
  readonly application?: ApplicationFacts | null;
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
  'assignment.state',
  'assignment.part',
  'assignment.form',
  'assignment.flat',
  'assignment.failedCount',
  'assignment.toInspector',
  'assignment.extensions',
  'assignment.overdue',
  'application.kind',
  'application.state',
  'application.level',
  'application.levels',
  'application.until',
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
      verify: isVerified(catalog, { source: state.source, kind: state.kind }),
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
        ...(assignment ? { assignment: assignmentVars(catalog, assignment) } : {}),
        ...(application?.assignmentId === key ? { application: asked } : {}),
      } as FeelContext;
    },
  };
}

function assignmentVars(catalog: Catalog, a: AssignmentFacts): FeelContext {
  return {
    state: a.state,
    part: a.part,
    form: a.form,
    flat: a.form === 'flat' && a.crewId !== null,
    failedCount: a.failedCount,
    toInspector: goesToInspector(catalog, a.failedCount),
    extensions: a.extensions,
    overdue: a.overdue,
  };
}

function applicationVars(a: ApplicationFacts): FeelContext {
  const until = a.granted?.['until'] ?? a.ask['until'];
  return {
    kind: a.kind,
    state: a.state,
    level: a.level,
    levels: a.levels,
    until: typeof until === 'string' ? until : null,
  };
}
