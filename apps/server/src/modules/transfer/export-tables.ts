/**
 * What of the database goes into an export of a city, table by table. A test compares this with the database itself:
 * a table that came later must be named here, on one side or the other.
 */
export interface TablePlan {
  /** Columns that are left out always: secrets, and what is worked out from others. */
  readonly without?: readonly string[];
  /** Columns that go out with personal data only. */
  readonly personal?: readonly string[];
  /** In which order; left out: `id`. */
  readonly order?: string;
}

/** As rows, one JSON object a line, in `data/<table>.ndjson`. */
export const TABLES: Readonly<Record<string, TablePlan>> = {
  region: {},
  unit: {},
  role: {},
  person: { without: ['password_hash', 'failed_logins', 'locked_until'] },
  post: {},
  post_grid: { order: 'post_id, grid_id, valid_from' },
  succession: { order: 'kind, from_id, to_id' },
  setting: { order: 'key' },
  numbering: { order: 'series, period' },
  scheme: {},
  category: {},
  condition: {},
  manual: {},
  manual_row: { order: 'manual_id, condition_id, region_id, owner_id' },
  source: { order: 'code' },
  stage_limit: { order: 'code' },
  phrase: { order: 'action, sort' },
  rule_version: {},
  rule_call: { order: 'caller_id, code' },
  rule_draft: {},
  rule_draft_file: { order: 'draft_id, path' },
  shipped_file: { order: 'path' },
  process_move: {},
  control_area: {},
  grid: {},
  base_feature: {},
  asset: {},
  media: {},
  shift: {},
  roster: { order: 'post_id, day, shift_id' },
  absence: {},
  handover: {},
  notice: {},
  audit: { personal: ['ip'] },
  log_root: { order: 'day' },
  log_head: { order: 'case_id, day' },
  import_batch: {},
  import_row: { order: 'kind, register, source_id' },
  import_made: { order: 'batch_id, kind, entity_id' },
  import_withdrawn: { order: 'case_id' },
  register_order: { without: ['key'] },
  transfer_change: { order: 'batch_id, row' },
  simulation: {},
};

/** Only where personal data is asked for. */
export const PERSONAL_TABLES: Readonly<Record<string, TablePlan>> = {
  person_profile: { order: 'person_id' },
  reporter: {},
};

/** Facts and the figures of days and months: CSV, as statisticians read them. */
export const FACT_TABLES: Readonly<Record<string, string>> = {
  fact_report: 'report_id',
  fact_case: 'case_id',
  fact_assignment: 'assignment_id',
  fact_task: 'task_id',
  fact_application: 'case_id, application_id',
  fact_reopening: 'case_id, seq',
  fact_open: 'day, case_id',
  daily_source: 'day, scope_id, source',
  daily_category: 'day, scope_id, category_id',
  daily_department: 'day, scope_id, unit_id',
  monthly_source: 'month, scope_id, source',
  monthly_category: 'month, scope_id, category_id',
  monthly_department: 'month, scope_id, unit_id',
};

/** Each case is one line of `cases/cases.ndjson`, with all that hangs on it. */
export const CASE_TABLES = [
  'case',
  'report',
  'assignment',
  'task',
  'application',
  'case_mark',
  'case_link',
  'case_media',
  'reporter_message',
  'case_event',
] as const;

/** Publications go out as the archives that they are, the city in a file of its own. */
export const FILE_TABLES = ['city', 'publication'] as const;

/** What is not the city's, or is worked out again from what is. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  session: 'secrets of those who are signed in',
  command: 'answers for the same request sent twice, kept for 180 days',
  outbox: 'on the way to readers; what it says is in the logs',
  outbox_parked: 'the same, kept aside',
  timer: 'armed anew from the deadlines of tasks',
  simulation_timer: 'the same, of a year that is still being generated',
  daily_job: 'which daily jobs are done here',
  catalog_stamp: 'a counter for memory',
  case_text: 'words for the search, made from the case',
  asset_text: 'words for the search, made from the asset',
  import_reject: 'rows that were not taken are not the city’s data; they may hold personal data',
  transfer_file: 'where files of imports are kept here',
  register_upload: 'the same of registers of old cases',
  city_export: 'exports',
  rule_try_out: 'reports of trying rules out, worked out again at any time',
  rule_try_out_case: 'the same',
};
