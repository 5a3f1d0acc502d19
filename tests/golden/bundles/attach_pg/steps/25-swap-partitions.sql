-- step swap-partitions
-- purpose: detach each affected partition and attach the new one in its place
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: in one transaction, so that no reader finds a partition missing
-- params: partitions
DO $dponec$
DECLARE
  old regclass;
  fresh regclass;
  kept record;
  given record;
  problems text;
  renamed integer := 0;
  parent regclass;
  v text;
  nth bigint;
  low date;
  high date;
  place name;
  kept_name name;
  made text;
  affected bigint;
  built bigint := 0;
  expected bigint;
  expected_digest text;
  pair text;
  sum_a numeric := 0;
  sum_b text;
BEGIN
  parent := to_regclass('"dwh"."orders_months"');
  LOCK TABLE "dwh"."orders_months" IN ACCESS EXCLUSIVE MODE;
  FOR v, nth IN
    SELECT e.v, e.place FROM jsonb_array_elements_text(current_setting('dponec.partitions')::jsonb) WITH ORDINALITY AS e (v, place)
     ORDER BY e.place
  LOOP
    low := CAST(CAST(v AS TIMESTAMP) AS DATE);
    high := CAST(CAST(v AS TIMESTAMP) + CAST('1 month' AS INTERVAL) AS DATE);
    old := NULL;
    -- The bound is read as values of the column's type, so that neither zone nor spelling can hide a partition.
    SELECT c.oid, s.nspname, c.relname INTO old, place, kept_name
      FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS s ON s.oid = c.relnamespace,
           regexp_match(pg_get_expr(c.relpartbound, c.oid), '^FOR VALUES FROM \(''([^'']+)''\) TO \(''([^'']+)''\)$') AS b
     WHERE i.inhparent = parent AND c.relkind = 'r' AND b[1]::date = low AND b[2]::date = high;
    fresh := to_regclass(format('%I.%I', place, 'orders_months__dponec_10542f54_swap_' || 'n' || nth));
    CONTINUE WHEN old IS NULL;
    IF fresh IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format('the new partition from %s to %s is not there', low, high),
        HINT = 'the transaction was rolled back; run again';
    END IF;
    EXECUTE format('SELECT count(*) FROM %s', old) INTO affected;
    PERFORM set_config('dponec.rows_deleted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_deleted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
    EXECUTE format('SELECT count(*) FROM %s', fresh) INTO affected;
    PERFORM set_config('dponec.rows_inserted', (CAST(COALESCE(NULLIF(CURRENT_SETTING('dponec.rows_inserted', TRUE), ''), '0') AS BIGINT) + affected)::text, true);
  SELECT c.relowner::regrole::text AS owner, c.relacl, c.reloptions, c.relreplident, obj_description(c.oid, 'pg_class') AS comment
    INTO kept FROM pg_class AS c WHERE c.oid = old;
  IF kept.owner <> (SELECT c.relowner::regrole::text FROM pg_class AS c WHERE c.oid = fresh) THEN
    EXECUTE format('ALTER TABLE %s OWNER TO %s', fresh, kept.owner);
  END IF;
  FOR given IN
    SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who
      FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = fresh
  LOOP
    EXECUTE format('REVOKE ALL ON TABLE %s FROM %s', fresh, given.who);
  END LOOP;
  IF kept.relacl IS NULL AND (SELECT c.relacl IS NOT NULL FROM pg_class AS c WHERE c.oid = fresh) THEN
    EXECUTE format('GRANT ALL ON TABLE %s TO %s', fresh, kept.owner);
  END IF;
  FOR given IN
    SELECT a.privilege_type AS privilege, '' AS columns, a.is_grantable,
           CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who
      FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = old
    UNION ALL
    SELECT a.privilege_type, format(' (%I)', t.attname), a.is_grantable,
           CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
      FROM pg_attribute AS t, aclexplode(t.attacl) AS a WHERE t.attrelid = old AND NOT t.attisdropped
  LOOP
    EXECUTE format('GRANT %s%s ON TABLE %s TO %s%s', given.privilege, given.columns, fresh, given.who,
      CASE WHEN given.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
  IF kept.comment IS NOT NULL THEN
    EXECUTE format('COMMENT ON TABLE %s IS %L', fresh, kept.comment);
  END IF;
  IF kept.reloptions IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %s SET (%s)', fresh,
      (SELECT string_agg(format('%I = %L', option_name, option_value), ', ') FROM pg_options_to_table(kept.reloptions)));
  END IF;
  IF kept.relreplident IN ('f', 'n') THEN
    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY %s', fresh,
      CASE kept.relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END);
  END IF;
  FOR given IN
    WITH found AS (
      SELECT i.indrelid, i.indexrelid, c.relname, d.text,
             row_number() OVER (PARTITION BY i.indrelid, d.text ORDER BY i.indexrelid) AS place
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid,
             concat(i.indisprimary, regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX .*? USING ', ' USING ')) AS d (text)
       WHERE i.indrelid IN (old, fresh))
    SELECT o.indexrelid::regclass AS was, f.indexrelid::regclass AS now, o.relname AS name
      FROM found AS o JOIN found AS f USING (text, place) WHERE o.indrelid = old AND f.indrelid = fresh
  LOOP
    renamed := renamed + 1;
    EXECUTE format('ALTER INDEX %s RENAME TO %I', given.was, 'orders_months__dponec_10542f54_swap_' || 'i' || renamed);
    EXECUTE format('ALTER INDEX %s RENAME TO %I', given.now, given.name);
  END LOOP;
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, old);
    EXECUTE format('ALTER TABLE %s RENAME TO %I', old, 'orders_months__dponec_10542f54_swap_' || 'o' || nth);
    EXECUTE format('ALTER TABLE %s RENAME TO %I', fresh, kept_name);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, fresh, low, high);
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', fresh, 'orders_months__dponec_10542f54_swap_' || 'n' || nth);
  END LOOP;
END
$dponec$;
