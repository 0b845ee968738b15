// Written by `npm run gen` from the migrated database; not edited by hand.

import type { Text } from '@wanmi/contracts';
import type { ColumnType } from 'kysely';

export type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U>
    ? ColumnType<S, I | undefined, U>
    : ColumnType<T, T | undefined, T>;

export type Json = ColumnType<JsonValue, string, string>;

export type JsonArray = JsonValue[];

export type JsonObject = {
  [x: string]: JsonValue | undefined;
};

export type JsonPrimitive = boolean | number | string | null;

export type JsonValue = JsonArray | JsonObject | JsonPrimitive;

export type Numeric = ColumnType<string, number | string, number | string>;

export type Timestamp = ColumnType<Date, Date | string, Date | string>;

export interface Absence {
  applied_at: Timestamp | null;
  city_id: string;
  created_at: Timestamp;
  created_post_id: string;
  from_at: Timestamp;
  id: string;
  moved: Generated<number>;
  planned_to: Timestamp;
  post_id: string;
  reason: string;
  substitute_post_id: string | null;
  to_at: Timestamp;
}

export interface Application {
  ask: Json;
  asked_at: Timestamp;
  asked_person_id: string;
  asked_post_id: string;
  asked_unit_id: string | null;
  assignment_id: string | null;
  case_id: string;
  city_id: string;
  decided_at: Timestamp | null;
  decided_post_id: string | null;
  granted: Json | null;
  id: string;
  kind: string;
  level: Generated<number>;
  levels: Generated<number>;
  state: string;
}

export interface Asset {
  address: string | null;
  attributes: Generated<Json>;
  category_id: string;
  city_id: string;
  code: string;
  geom: string;
  id: string;
  name: Name;
  owner_id: string | null;
  state: string;
  unit_grid_id: string | null;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface AssetText {
  asset_id: string;
  bigrams: string[];
  city_id: string;
  text: string;
}

export interface Assignment {
  calendar: string;
  case_id: string;
  city_id: string;
  clock: Json;
  crew_id: string | null;
  crew_post_id: string | null;
  dispatched_at: Timestamp;
  due_at: Timestamp | null;
  ended_at: Timestamp | null;
  exempt: Generated<boolean>;
  extensions: Generated<number>;
  failed_count: Generated<number>;
  form: Generated<string>;
  id: string;
  limit_unit: string;
  limit_value: Numeric;
  overdue: Generated<boolean>;
  parent_id: string | null;
  part: Generated<string>;
  passed_at: Timestamp | null;
  responded_at: Timestamp | null;
  signed_at: Timestamp | null;
  state: string;
  unit_id: string;
}

export interface Audit {
  action: string;
  at: Timestamp;
  city_id: string;
  detail: Json | null;
  entity: string | null;
  entity_id: string | null;
  id: string;
  ip: string | null;
  outcome: string;
  person_id: string | null;
  post_id: string | null;
  request_id: string | null;
}

export interface BaseFeature {
  city_id: string;
  geom: string;
  id: string;
  layer: string;
  name: Name | null;
  rank: Generated<number>;
}

export interface Case {
  address: string | null;
  asset_id: string | null;
  case_no: string;
  category_id: string | null;
  city_id: string;
  collector_post_id: string | null;
  community_id: string | null;
  condition_id: string | null;
  department_id: string | null;
  description: string;
  district_id: string | null;
  ended_at: Timestamp | null;
  filed_at: Timestamp | null;
  geom: string | null;
  grade: string | null;
  head: Buffer;
  id: string;
  kind: string;
  manual_id: string | null;
  merged_into_id: string | null;
  outcome: string | null;
  owner_id: string | null;
  patrol_grid_id: string | null;
  process_id: string;
  rating: number | null;
  report_count: Generated<number>;
  reported_at: Timestamp;
  self_handled: Generated<boolean>;
  seq: number;
  source: string;
  stage: string;
  street_id: string | null;
  tokens: Json;
  unit_grid_id: string | null;
}

export interface CaseEvent {
  algorithm: string;
  at: Timestamp;
  body: string;
  case_id: string;
  city_id: string;
  hash: Buffer;
  person_id: string | null;
  post_id: string | null;
  seq: number;
  type: string;
}

export interface CaseLink {
  at: Timestamp;
  city_id: string;
  from_id: string;
  kind: string;
  to_id: string;
}

export interface CaseMark {
  at: Timestamp;
  case_id: string;
  city_id: string;
  due_at: Timestamp | null;
  id: string;
  kind: string;
  note: string | null;
  post_id: string;
}

export interface CaseMedia {
  at: Timestamp;
  case_id: string;
  city_id: string;
  media_id: string;
  purpose: string;
  seq: number;
}

export interface CaseText {
  bigrams: string[];
  case_id: string;
  city_id: string;
  text: string;
}

export interface CatalogStamp {
  city_id: string;
  stamp: number;
}

export interface Category {
  city_id: string;
  code: string;
  geometry: string | null;
  id: string;
  kind: string;
  level: number;
  name: Name;
  parent_id: string | null;
  scheme_id: string;
  similar_hours: Generated<number>;
  similar_metres: Generated<number>;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface City {
  code: string;
  created_at: Timestamp;
  geom: string | null;
  id: string;
  name: Name;
  time_zone: string;
}

export interface CityExport {
  bytes: number | null;
  city_id: string;
  done: Generated<number>;
  ended_at: Timestamp | null;
  id: string;
  media: boolean;
  part: string | null;
  personal: boolean;
  problem: string | null;
  sha256: Buffer | null;
  started_at: Timestamp;
  started_person: string;
  started_post: string;
  state: string;
  total: Generated<number>;
  updated_at: Timestamp;
}

export interface Command {
  answer: Json;
  at: Timestamp;
  city_id: string;
  hash: Buffer;
  key: string;
  person_id: string;
  status: number;
}

export interface Condition {
  category_id: string;
  city_id: string;
  closing: Name;
  code: string;
  department_kind: string | null;
  id: string;
  is_default: Generated<boolean>;
  limit_a: Numeric | null;
  limit_b: Numeric | null;
  limit_c: Numeric | null;
  limit_unit: string;
  limit_value: Numeric;
  name: Name;
  next_id: string | null;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface ControlArea {
  category_ids: string[] | null;
  city_id: string;
  code: string;
  from_time: string | null;
  geom: string | null;
  id: string;
  kind: string;
  name: Name;
  region_id: string | null;
  to_time: string | null;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
  weekdays: number[] | null;
}

export interface DailyCategory {
  category_id: string;
  city_id: string;
  closed: Generated<number>;
  day: string;
  filed: Generated<number>;
  reported: Generated<number>;
  scope_id: string;
}

export interface DailyDepartment {
  city_id: string;
  day: string;
  dispatched: Generated<number>;
  exempt: Generated<number>;
  extended: Generated<number>;
  overdue: Generated<number>;
  responded: Generated<number>;
  responded_on_time: Generated<number>;
  returned: Generated<number>;
  scope_id: string;
  unit_id: string;
}

export interface DailyJob {
  at: Timestamp;
  city_id: string;
  day: string;
  job: string;
}

export interface DailySource {
  answered: Generated<number>;
  city_id: string;
  closed: Generated<number>;
  closed_on_time: Generated<number>;
  day: string;
  declined: Generated<number>;
  dispatched: Generated<number>;
  ended: Generated<number>;
  filed: Generated<number>;
  merged: Generated<number>;
  rejected: Generated<number>;
  reopened: Generated<number>;
  reported: Generated<number>;
  scope_id: string;
  self_handled: Generated<number>;
  source: string;
  transferred: Generated<number>;
  voided: Generated<number>;
}

export interface FactApplication {
  application_id: string;
  asked_at: Timestamp;
  asked_day: string;
  assignment_id: string | null;
  case_id: string;
  category_id: string | null;
  city_id: string;
  community_id: string | null;
  condition_id: string | null;
  decided_at: Timestamp | null;
  decided_day: string | null;
  district_id: string | null;
  kind: string;
  last_seq: number;
  level: number;
  levels: number;
  post_id: string | null;
  state: string;
  street_id: string | null;
  unit_id: string | null;
}

export interface FactAssignment {
  assignment_id: string;
  case_id: string;
  category_id: string | null;
  city_id: string;
  community_id: string | null;
  condition_id: string | null;
  crew_id: string | null;
  dispatched_at: Timestamp;
  dispatched_day: string;
  district_id: string | null;
  due_at: Timestamp | null;
  ended_at: Timestamp | null;
  exempt: Generated<boolean>;
  extensions: Generated<number>;
  failed_count: Generated<number>;
  form: Generated<string>;
  last_seq: number;
  overdue: Generated<boolean>;
  parent_id: string | null;
  part: Generated<string>;
  responded_at: Timestamp | null;
  responded_day: string | null;
  returned: Generated<number>;
  signed_at: Timestamp | null;
  state: string;
  street_id: string | null;
  suspended: Generated<boolean>;
  unit_id: string;
}

export interface FactCase {
  case_id: string;
  category_id: string | null;
  city_id: string;
  community_id: string | null;
  condition_id: string | null;
  department_id: string | null;
  dispatched_at: Timestamp | null;
  dispatched_day: string | null;
  dispatches: Generated<number>;
  district_id: string | null;
  ended_at: Timestamp | null;
  ended_day: string | null;
  extended: Generated<number>;
  failed_checks: Generated<number>;
  filed_at: Timestamp | null;
  filed_day: string | null;
  grade: string | null;
  instructed: Generated<number>;
  kind: string;
  last_seq: number;
  merged_into_id: string | null;
  on_time: boolean | null;
  outcome: string | null;
  patrol_grid_id: string | null;
  rating: number | null;
  reopened: Generated<number>;
  reported_at: Timestamp;
  reported_day: string;
  returned: Generated<number>;
  self_handled: Generated<boolean>;
  source: string;
  street_id: string | null;
  supervised: Generated<number>;
  unit_grid_id: string | null;
  urged: Generated<number>;
}

export interface FactOpen {
  case_id: string;
  category_id: string | null;
  city_id: string;
  day: string;
  department_id: string | null;
  district_id: string | null;
  overdue: boolean;
  stage: string;
  street_id: string | null;
}

export interface FactReopening {
  at: Timestamp;
  case_id: string;
  category_id: string | null;
  city_id: string;
  community_id: string | null;
  condition_id: string | null;
  day: string;
  department_id: string | null;
  district_id: string | null;
  ended_at: Timestamp;
  ended_day: string;
  on_time: boolean | null;
  outcome: string;
  seq: number;
  source: string;
  street_id: string | null;
}

export interface FactReport {
  case_id: string;
  category_id: string | null;
  city_id: string;
  community_id: string | null;
  district_id: string | null;
  joined: boolean;
  kind: string;
  patrol_grid_id: string | null;
  post_id: string | null;
  report_id: string;
  reported_at: Timestamp;
  reported_day: string;
  source: string;
  street_id: string | null;
}

export interface FactTask {
  action: string | null;
  case_id: string;
  city_id: string;
  done_at: Timestamp | null;
  done_day: string | null;
  due_at: Timestamp | null;
  opened_at: Timestamp;
  overdue: Generated<boolean>;
  post_id: string | null;
  role: string;
  step: string;
  task_id: string;
  unit_id: string | null;
}

export interface Grid {
  city_id: string;
  code: string;
  community_id: string | null;
  disposal_grid_id: string | null;
  district_id: string | null;
  geom: string;
  grade: string | null;
  id: string;
  kind: string;
  name: Name;
  patrol_grid_id: string | null;
  street_id: string | null;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface Handover {
  at: Timestamp;
  city_id: string;
  from_post_id: string;
  id: string;
  moved: number;
  note: string | null;
  returned: number;
  role: string;
  steps: Json;
  to_post_id: string | null;
  unit_id: string;
}

export interface ImportBatch {
  accepted: Generated<number>;
  already: Generated<number>;
  city_id: string;
  columns: string[] | null;
  counts: Generated<Json>;
  ended_at: Timestamp | null;
  ended_by: string | null;
  file_bytes: number;
  file_name: string;
  file_sha256: Buffer;
  id: string;
  kind: string;
  mapping: Json;
  mapping_sha256: Buffer;
  mode: string;
  position: Generated<number>;
  problem: string | null;
  read: Generated<number>;
  register: Generated<string>;
  rejected: Generated<number>;
  rolled: Generated<number>;
  started_at: Timestamp;
  started_by: string | null;
  state: string;
  total: number | null;
  undone_at: Timestamp | null;
  undone_by: string | null;
  updated_at: Timestamp;
  warned: Generated<number>;
}

export interface ImportMade {
  batch_id: string;
  city_id: string;
  entity_id: string;
  kind: string;
}

export interface ImportReject {
  batch_id: string;
  cells: Json;
  city_id: string;
  field: string | null;
  line: number;
  reason: string;
  row: number;
  source_id: string | null;
}

export interface ImportRow {
  batch_id: string;
  city_id: string;
  entity_id: string;
  kept: Json | null;
  kind: string;
  register: string;
  row: number;
  seq: number | null;
  source_id: string;
}

export interface ImportWithdrawn {
  at: Timestamp;
  batch_id: string;
  case_id: string;
  city_id: string;
  head: Buffer;
  seq: number;
}

export interface Instance {
  key: string;
  value: Json;
}

export interface LogHead {
  case_id: string;
  city_id: string;
  day: string;
  hash: Buffer;
  seq: number;
}

export interface LogRoot {
  algorithm: string;
  at: Timestamp;
  cases: number;
  city_id: string;
  day: string;
  previous: Buffer | null;
  root: Buffer;
}

export interface Manual {
  city_id: string;
  id: string;
  reason: string | null;
  valid_from: Timestamp;
  version: number;
}

export interface ManualRow {
  city_id: string;
  condition_id: string;
  department_id: string;
  manual_id: string;
  owner_id: string | null;
  region_id: string | null;
}

export interface Media {
  bytes: number;
  city_id: string;
  created_at: Timestamp;
  geom: string | null;
  height: number | null;
  id: string;
  mime: string;
  phash: number | null;
  post_id: string | null;
  same_as: string | null;
  served_mime: string | null;
  served_sha256: Buffer | null;
  sha256: Buffer;
  taken_at: Timestamp | null;
  thumbnail_sha256: Buffer | null;
  width: number | null;
}

export interface MonthlyCategory {
  category_id: string;
  city_id: string;
  closed: Generated<number>;
  filed: Generated<number>;
  month: string;
  reported: Generated<number>;
  scope_id: string;
}

export interface MonthlyDepartment {
  city_id: string;
  dispatched: Generated<number>;
  exempt: Generated<number>;
  extended: Generated<number>;
  month: string;
  overdue: Generated<number>;
  responded: Generated<number>;
  responded_on_time: Generated<number>;
  returned: Generated<number>;
  scope_id: string;
  unit_id: string;
}

export interface MonthlySource {
  answered: Generated<number>;
  city_id: string;
  closed: Generated<number>;
  closed_on_time: Generated<number>;
  declined: Generated<number>;
  dispatched: Generated<number>;
  ended: Generated<number>;
  filed: Generated<number>;
  merged: Generated<number>;
  month: string;
  rejected: Generated<number>;
  reopened: Generated<number>;
  reported: Generated<number>;
  scope_id: string;
  self_handled: Generated<number>;
  source: string;
  transferred: Generated<number>;
  voided: Generated<number>;
}

export interface Notice {
  at: Timestamp;
  case_id: string | null;
  city_id: string;
  id: string;
  kind: string;
  post_id: string;
  read_at: Timestamp | null;
  step: string | null;
  task_id: string | null;
}

export interface Numbering {
  city_id: string;
  last: number;
  period: string;
  series: string;
}

export interface Outbox {
  at: Timestamp;
  case_id: string | null;
  city_id: string;
  payload: Json | null;
  pos: Generated<number>;
  seq: number | null;
  topic: string;
  xid: Generated<string>;
}

export interface OutboxCursor {
  pos: number;
  reader: string;
  updated_at: Timestamp;
  xid: string;
}

export interface OutboxParked {
  at: Timestamp;
  case_id: string | null;
  city_id: string;
  parked_at: Timestamp;
  payload: Json | null;
  pos: number;
  problem: string;
  reader: string;
  seq: number | null;
  topic: string;
  xid: string;
}

export interface Person {
  city_id: string;
  /**
   * no longer used: see sign_in_failure
   */
  failed_logins: Generated<number>;
  id: string;
  locale: Generated<string>;
  /**
   * no longer used: see sign_in_failure
   */
  locked_until: Timestamp | null;
  password_hash: string | null;
  username: string;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface PersonProfile {
  city_id: string;
  name: string;
  person_id: string;
  phone: string | null;
}

export interface Phrase {
  action: string;
  city_id: string;
  sort: number;
  text: Name;
}

export interface Post {
  city_id: string;
  id: string;
  name: Name;
  person_id: string;
  role_id: string;
  scope: string;
  scope_region_id: string | null;
  unit_id: string;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface PostGrid {
  city_id: string;
  grid_id: string;
  post_id: string;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface ProcessMove {
  city_id: string;
  finished_at: Timestamp | null;
  from_id: string;
  id: string;
  map: Json;
  map_hash: Buffer;
  moved: Generated<number>;
  problems: Generated<Json>;
  reached: string | null;
  reason: string;
  started_at: Timestamp;
  started_by: string | null;
  state: string;
  stayed: Generated<number>;
  to_id: string;
  total: number;
}

export interface Publication {
  archive: Buffer;
  city_id: string;
  effective_at: Timestamp;
  files: number;
  hash: Buffer;
  id: string;
  published_at: Timestamp;
  published_by: string | null;
  reason: string;
  recompute: string[] | null;
  restores: string | null;
  state: string;
  supersedes: string | null;
  version: number;
}

export interface Region {
  city_id: string;
  code: string;
  geom: string | null;
  id: string;
  kind: string;
  name: Name;
  parent_id: string | null;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface RegisterOrder {
  batch_id: string;
  categories: Generated<number>;
  city_id: string;
  done: Generated<number>;
  ended_at: Timestamp | null;
  id: string;
  kept: Generated<number>;
  key: string | null;
  kind: string;
  person_id: string | null;
  post_id: string | null;
  problem: string | null;
  reason: string | null;
  started_at: Timestamp;
  state: string;
  total: number;
  units: Generated<number>;
  updated_at: Timestamp;
  which: Generated<Json>;
}

export interface RegisterUpload {
  batch_id: string | null;
  began_at: Timestamp;
  began_share: Generated<number>;
  city_id: string;
  ended_at: Timestamp | null;
  file_bytes: number;
  file_name: string;
  id: string;
  inspection: Json | null;
  key: string | null;
  mapping: Json | null;
  person_id: string;
  post_id: string;
  problem: string | null;
  read: Generated<number>;
  sha256: Buffer | null;
  share: Generated<number>;
  stage: string | null;
  started_at: Timestamp;
  state: string;
  total: number | null;
  trial: Json | null;
  updated_at: Timestamp;
}

export interface Report {
  accuracy: number | null;
  address: string | null;
  asset_id: string | null;
  case_id: string;
  category_id: string | null;
  city_id: string;
  community_id: string | null;
  description: string;
  external_ref: string | null;
  geom: string | null;
  id: string;
  input_crs: string | null;
  kind: string;
  patrol_grid_id: string | null;
  post_id: string | null;
  received_at: Timestamp;
  reported_at: Timestamp;
  reporter_id: string | null;
  source: string;
  street_id: string | null;
  unit_id: string | null;
}

export interface Reporter {
  city_id: string;
  created_at: Timestamp;
  erased_at: Timestamp | null;
  id: string;
  name: string | null;
  phone: string | null;
  wants_reply: Generated<boolean>;
}

export interface ReporterMessage {
  at: Timestamp;
  case_id: string;
  channel: string;
  city_id: string;
  kind: string;
  report_id: string;
  seq: number;
  state: string;
}

export interface Role {
  city_id: string;
  code: string;
  id: string;
  name: Name;
  permissions: string[];
}

export interface Roster {
  city_id: string;
  day: string;
  periods: string;
  post_id: string;
  shift_id: string;
}

export interface RuleCall {
  called_id: string;
  caller_id: string;
  city_id: string;
  code: string;
}

export interface RuleDraft {
  author_id: string | null;
  base_id: string | null;
  checked_version: number | null;
  city_id: string;
  created_at: Timestamp;
  id: string;
  name: string;
  problems: Generated<Json>;
  shipped: Json | null;
  updated_at: Timestamp;
  version: number;
}

export interface RuleDraftFile {
  city_id: string;
  content: string;
  draft_id: string;
  path: string;
}

export interface RuleTryOut {
  asked_cases: number;
  asked_from: Timestamp | null;
  asked_to: Timestamp | null;
  begun: Generated<boolean>;
  changed: Generated<number>;
  city_id: string;
  done: Generated<number>;
  draft_id: string;
  draft_version: number;
  finished_at: Timestamp | null;
  id: string;
  name: string;
  per_second: number | null;
  publication_id: string | null;
  reason: string | null;
  started_at: Timestamp;
  started_by: string | null;
  state: string;
  summary: Json | null;
  total: Generated<number>;
}

export interface RuleTryOutCase {
  case_id: string;
  changes: Json;
  city_id: string;
  kinds: string[];
  try_out_id: string;
}

export interface RuleVersion {
  city_id: string;
  code: string;
  content: string;
  content_hash: Buffer;
  created_at: Timestamp;
  id: string;
  kind: string;
  published_by: string | null;
  reason: string | null;
  state: string;
  valid_from: Timestamp | null;
  version: number;
}

export interface Scheme {
  city_id: string;
  code: string;
  id: string;
  name: Name;
}

export interface Session {
  agent: string | null;
  city_id: string;
  created_at: Timestamp;
  expires_at: Timestamp;
  ip: string | null;
  kind: string;
  person_id: string;
  post_id: string;
  revoked_at: Timestamp | null;
  token_hash: Buffer;
}

export interface Setting {
  city_id: string;
  key: string;
  updated_at: Timestamp;
  value: Json;
}

export interface Shift {
  city_id: string;
  code: string;
  id: string;
  name: Name;
  unit_id: string | null;
  unit_kind: string | null;
  valid_from: string;
  valid_to: string | null;
  weekly: Json;
}

export interface ShippedFile {
  at: Timestamp;
  city_id: string;
  content: string;
  path: string;
}

export interface SignInFailure {
  failed_at: Timestamp;
  failures: number;
  locked_until: Timestamp | null;
  name_key: Buffer;
  network_key: Buffer;
}

export interface Simulation {
  cases: Generated<number>;
  city_id: string;
  content: Json;
  done_day: string | null;
  ended_at: Timestamp | null;
  events: Generated<number>;
  from_day: string;
  id: string;
  reports: Generated<number>;
  reports_planned: number;
  scenario: string;
  seed: string;
  started_at: Timestamp;
  state: string;
  to_day: string;
}

export interface SimulationTimer {
  case_id: string;
  city_id: string;
  due_at: Timestamp;
  fire: string;
  since: Timestamp | null;
  task_id: string;
}

export interface Source {
  city_id: string;
  code: string;
  direct_filing: Generated<boolean>;
  group_code: string | null;
  group_name: Json | null;
  name: Name;
  sort: number;
  valid_to: Timestamp | null;
  verify: boolean;
}

export interface StageLimit {
  calendar: string;
  city_id: string;
  code: string;
  unit: string;
  value: Numeric;
}

export interface Succession {
  at: Timestamp;
  city_id: string;
  from_id: string;
  how: string;
  kind: string;
  to_id: string;
}

export interface Task {
  application_id: string | null;
  assignment_id: string | null;
  calendar: string | null;
  case_id: string;
  city_id: string;
  claimed_at: Timestamp | null;
  claimed_post_id: string | null;
  done_action: string | null;
  done_at: Timestamp | null;
  done_post_id: string | null;
  due_at: Timestamp | null;
  due_key: Timestamp;
  id: string;
  limit_unit: string | null;
  limit_value: Numeric | null;
  node: string;
  not_before: Timestamp | null;
  opened_at: Timestamp;
  overdue: Generated<boolean>;
  post_id: string | null;
  region_id: string | null;
  role: string;
  scope: Generated<number>;
  step: string;
  token: number;
  unit_id: string | null;
  warn_at: Timestamp | null;
}

export interface Timer {
  case_id: string;
  city_id: string;
  due_at: Timestamp;
  fire: string;
  since: Timestamp | null;
  task_id: string;
}

export interface TransferChange {
  batch_id: string;
  before_id: string | null;
  city_id: string;
  entity: string;
  entity_id: string;
  row: number;
  undone: string | null;
  what: string;
}

export interface TransferFile {
  batch_id: string;
  city_id: string;
  columns: Generated<string[]>;
  draft_id: string | null;
  person_id: string;
  post_id: string;
  real_id: string | null;
  sha256: Buffer | null;
}

export interface Unit {
  calendar: string | null;
  city_id: string;
  code: string;
  duty: string | null;
  id: string;
  kind: string;
  name: Name;
  parent_id: string | null;
  region_id: string | null;
  valid_from: Timestamp;
  valid_to: Timestamp | null;
}

export interface DB {
  absence: Absence;
  application: Application;
  asset: Asset;
  asset_text: AssetText;
  assignment: Assignment;
  audit: Audit;
  base_feature: BaseFeature;
  case: Case;
  case_event: CaseEvent;
  case_link: CaseLink;
  case_mark: CaseMark;
  case_media: CaseMedia;
  case_text: CaseText;
  catalog_stamp: CatalogStamp;
  category: Category;
  city: City;
  city_export: CityExport;
  command: Command;
  condition: Condition;
  control_area: ControlArea;
  daily_category: DailyCategory;
  daily_department: DailyDepartment;
  daily_job: DailyJob;
  daily_source: DailySource;
  fact_application: FactApplication;
  fact_assignment: FactAssignment;
  fact_case: FactCase;
  fact_open: FactOpen;
  fact_reopening: FactReopening;
  fact_report: FactReport;
  fact_task: FactTask;
  grid: Grid;
  handover: Handover;
  import_batch: ImportBatch;
  import_made: ImportMade;
  import_reject: ImportReject;
  import_row: ImportRow;
  import_withdrawn: ImportWithdrawn;
  instance: Instance;
  log_head: LogHead;
  log_root: LogRoot;
  manual: Manual;
  manual_row: ManualRow;
  media: Media;
  monthly_category: MonthlyCategory;
  monthly_department: MonthlyDepartment;
  monthly_source: MonthlySource;
  notice: Notice;
  numbering: Numbering;
  outbox: Outbox;
  outbox_cursor: OutboxCursor;
  outbox_parked: OutboxParked;
  person: Person;
  person_profile: PersonProfile;
  phrase: Phrase;
  post: Post;
  post_grid: PostGrid;
  process_move: ProcessMove;
  publication: Publication;
  region: Region;
  register_order: RegisterOrder;
  register_upload: RegisterUpload;
  report: Report;
  reporter: Reporter;
  reporter_message: ReporterMessage;
  role: Role;
  roster: Roster;
  rule_call: RuleCall;
  rule_draft: RuleDraft;
  rule_draft_file: RuleDraftFile;
  rule_try_out: RuleTryOut;
  rule_try_out_case: RuleTryOutCase;
  rule_version: RuleVersion;
  scheme: Scheme;
  session: Session;
  setting: Setting;
  shift: Shift;
  shipped_file: ShippedFile;
  sign_in_failure: SignInFailure;
  simulation: Simulation;
  simulation_timer: SimulationTimer;
  source: Source;
  stage_limit: StageLimit;
  succession: Succession;
  task: Task;
  timer: Timer;
  transfer_change: TransferChange;
  transfer_file: TransferFile;
  unit: Unit;
}

/** A name in both languages; written as JSON text. */
export type Name = ColumnType<Text, string, string>;
