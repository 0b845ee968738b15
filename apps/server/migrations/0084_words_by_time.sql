-- Words by their time. What long past cases hold, and no new one, was read whole for a page of fifty (90,000 of 300,000
-- cases: 0.1 s of the database's time, and with each further case more). The first four digits of a case's id are fifty
-- days: with them among a case's words, the index knows for each such stretch who holds a word in it, and a search goes
-- back stretch by stretch. No word begins with `@`.
create index case_text_words on case_text using gin ((bigrams || array['@' || left(case_id::text, 4)]));
drop index case_text_bigrams;
-- What the words of an expression are like is known only after this.
analyze case_text;
