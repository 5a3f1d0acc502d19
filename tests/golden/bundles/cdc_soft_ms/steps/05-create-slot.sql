-- step create-slot
-- purpose: make the slot before the first run, and later refuse one that lost changes
-- engine: postgres (source)
-- idempotency: idempotent
-- why: from here on the source keeps every change until it is in the target
-- params: watermark
DO $dponec$
DECLARE
  mark text := current_setting('dponec.watermark');
  publication record;
  relation record;
  published jsonb;
  identity jsonb;
  leaf regclass;
  apart regclass;
  slot record;
BEGIN
  IF current_setting('wal_level') <> 'logical' THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441', MESSAGE = 'the source writes its WAL at wal_level ' || current_setting('wal_level'),
      HINT = 'set wal_level = logical and restart the server';
  END IF;
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441', MESSAGE = 'the source is a standby', HINT = 'read changes from the primary';
  END IF;
  SELECT * INTO publication FROM pg_publication AS p WHERE p.pubname = 'dponec_cdc_soft_ms_f6c89cb8';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441', MESSAGE = 'publication dponec_cdc_soft_ms_f6c89cb8 does not exist',
      HINT = 'the owner of the table runs setup/postgres_publication_source.sql once';
  END IF;
  IF NOT (publication.pubinsert AND publication.pubupdate AND publication.pubdelete AND publication.pubtruncate) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441', MESSAGE = 'the publication leaves out some kind of change',
      HINT = 'ALTER PUBLICATION … SET (publish = ''insert, update, delete, truncate'')';
  END IF;
  SELECT c.oid, c.relkind, c.relreplident INTO relation
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relname = 'notes';
  IF relation.relkind = 'p' AND NOT publication.pubviaroot THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441', MESSAGE = 'the publication names the partitions of the source and not the table',
      HINT = 'ALTER PUBLICATION … SET (publish_via_partition_root = true)';
  END IF;
  -- Rows that a read of the table shows, and whose changes come under another name or not at all.
  SELECT c.oid::regclass INTO apart FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
   WHERE i.inhparent = relation.oid AND relation.relkind = 'r'
  UNION ALL
  SELECT c.oid::regclass FROM pg_partition_tree(relation.oid) AS p JOIN pg_class AS c ON c.oid = p.relid
   WHERE p.isleaf AND (c.relkind <> 'r' OR c.relpersistence <> 'p') ORDER BY 1 LIMIT 1;
  IF apart IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441',
      MESSAGE = format('the source shows rows of %s, whose changes are not captured as its own', apart),
      HINT = 'load a table that inherits by a load of its own, or make the source a partitioned table whose partitions are logged';
  END IF;
  -- The columns `attnames` and `rowfilter` came with version 15.
  SELECT to_jsonb(t) INTO published FROM pg_publication_tables AS t
   WHERE t.pubname = 'dponec_cdc_soft_ms_f6c89cb8' AND t.schemaname = 'shop' AND t.tablename = 'notes';
  IF published IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441', MESSAGE = 'the source table is not in the publication',
      HINT = 'ALTER PUBLICATION … ADD TABLE …, then load anew: earlier changes were not captured';
  END IF;
  IF published ->> 'rowfilter' IS NOT NULL OR (published ? 'attnames' AND NOT (published -> 'attnames' @> '["id", "status", "body", "amount", "at"]'::jsonb)) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP441', MESSAGE = 'the publication leaves out rows or columns that the load reads',
      HINT = 'take the filter and the column list out of the publication; the load has its own';
  END IF;
  SELECT coalesce(jsonb_agg(a.attname ORDER BY a.attnum), '[]') INTO identity
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
   WHERE c.oid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped AND (c.relreplident = 'f' OR EXISTS (
     SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]) AND i.indimmediate
        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END));
  IF NOT identity @> '["id"]'::jsonb THEN
    RAISE EXCEPTION USING ERRCODE = 'DP442',
      MESSAGE = format('a deleted row is told by %s, and the key of the load is %s', identity, '["id"]'),
      HINT = 'add a primary key that is not deferrable, or ALTER TABLE … REPLICA IDENTITY FULL';
  END IF;
  SELECT c.oid::regclass INTO leaf FROM pg_partition_tree(relation.oid) AS p JOIN pg_class AS c ON c.oid = p.relid
   WHERE p.isleaf AND NOT coalesce((SELECT jsonb_agg(a.attname) FROM pg_attribute AS a
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (c.relreplident = 'f' OR EXISTS (
     SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]) AND i.indimmediate
        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END))) @> identity, false) ORDER BY 1 LIMIT 1;
  IF leaf IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP442',
      MESSAGE = format('partition %s logs less of an old row than the table, whose replica identity is %s', leaf, identity),
      HINT = format('a replica identity is set partition by partition: ALTER TABLE %s REPLICA IDENTITY …', leaf);
  END IF;
  -- Where two rows may share a key until the commit, the last change of a key may be the delete of the other row.
  IF NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = relation.oid AND i.indisunique AND i.indimmediate AND i.indisvalid
       AND i.indpred IS NULL AND i.indexprs IS NULL AND '["id"]'::jsonb @> (SELECT jsonb_agg(a.attname) FROM pg_attribute AS a
         WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]))) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP442',
      MESSAGE = format('nothing on the source keeps the key %s unique at every moment', '["id"]'),
      HINT = 'add a unique index or constraint of the key that is not deferrable';
  END IF;
  SELECT * INTO slot FROM pg_replication_slots AS s WHERE s.slot_name = 'dponec_cdc_soft_ms_f6c89cb8';
  IF NOT FOUND AND mark = '' THEN
    PERFORM pg_create_logical_replication_slot('dponec_cdc_soft_ms_f6c89cb8', 'pgoutput');
  ELSIF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'DP440', MESSAGE = 'slot dponec_cdc_soft_ms_f6c89cb8 is gone, and with it the changes since the last run', HINT = 'drop it (replay/drop-slot.sql), dponec state set LOAD '''', and run: the load begins with a new copy';
  ELSIF slot.slot_type <> 'logical' OR slot.plugin <> 'pgoutput' OR slot.database <> current_database() OR slot.temporary THEN
    RAISE EXCEPTION USING ERRCODE = 'DP440', MESSAGE = 'slot dponec_cdc_soft_ms_f6c89cb8 is not a pgoutput slot of this database', HINT = 'name another slot in source.options.cdc.slot';
  ELSIF slot.wal_status = 'lost' THEN
    RAISE EXCEPTION USING ERRCODE = 'DP440', MESSAGE = 'slot dponec_cdc_soft_ms_f6c89cb8 is lost: it fell behind max_slot_wal_keep_size and its WAL was removed', HINT = 'drop it (replay/drop-slot.sql), dponec state set LOAD '''', and run: the load begins with a new copy';
  ELSIF mark <> '' AND slot.confirmed_flush_lsn - '0/0'::pg_lsn > mark::numeric THEN
    RAISE EXCEPTION USING ERRCODE = 'DP440',
      MESSAGE = format('slot dponec_cdc_soft_ms_f6c89cb8 has gone on to %s, and the target holds changes up to %s only: somebody else consumed it', slot.confirmed_flush_lsn, '0/0'::pg_lsn + mark::numeric), HINT = 'drop it (replay/drop-slot.sql), dponec state set LOAD '''', and run: the load begins with a new copy';
  END IF;
END
$dponec$;
