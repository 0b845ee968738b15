select encode(hash, 'hex') as hash, answer from command where person_id = $1 and key = any($2::text[])
