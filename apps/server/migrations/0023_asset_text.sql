-- Words of assets (name and address) for search, as case_text for cases: bigrams made in the program.
create table asset_text (
  asset_id uuid primary key references asset,
  city_id uuid not null,
  text text not null,
  bigrams text[] not null
);
create index asset_text_bigrams on asset_text using gin (bigrams);
