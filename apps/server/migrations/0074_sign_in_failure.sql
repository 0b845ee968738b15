-- 登录失败: wrong passwords of a name from one network (network_key) and altogether (network_key empty), of names that
-- nobody has too, for all processes alike. Names and networks as keyed hashes: somebody may type a password as a name.
create table sign_in_failure (
  name_key bytea not null,
  network_key bytea not null,
  failures int not null,
  failed_at timestamptz not null,
  locked_until timestamptz,
  primary key (name_key, network_key)
);
create index sign_in_failure_age on sign_in_failure (failed_at);
comment on column person.failed_logins is 'no longer used: see sign_in_failure';
comment on column person.locked_until is 'no longer used: see sign_in_failure';
