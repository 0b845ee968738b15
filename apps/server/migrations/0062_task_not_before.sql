-- 同时段核查: a check that was sent waits for the hours of the find; null: it can be done at once.
alter table task add column not_before timestamptz;
