"""How Postgres' catalog is asked for a type's text: the same in introspection and in the drift check, whatever search_path says."""

from __future__ import annotations

from dpone_compiler.sql.render import Sql

# format_type() leaves out the schema of a type that search_path finds, so types outside pg_catalog are spelled here.
# Needs `a` (pg_attribute) in scope.
COLUMN_TYPE = Sql(
    """(SELECT CASE WHEN n.nspname = 'pg_catalog' THEN format_type(a.atttypid, a.atttypmod)
        ELSE quote_ident(n.nspname) || '.' || quote_ident(b.typname)
             || coalesce(substring(format_type(a.atttypid, a.atttypmod) FROM '\\([^()]*\\)'), '')
             || CASE WHEN t.oid <> b.oid THEN '[]' ELSE '' END END
        FROM pg_type AS t
        JOIN pg_type AS b ON b.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
        JOIN pg_namespace AS n ON n.oid = b.typnamespace
        WHERE t.oid = a.atttypid)"""
)

# Whether the log holds this column of an old row, for whoever reads changes. The server passes over a key that is deferrable, and
# over columns that an index only includes. Needs `a` (pg_attribute) and `c` (pg_class), of one table, in scope.
# https://www.postgresql.org/docs/current/catalog-pg-class.html (relreplident)
OLD_ROW_HAS = Sql(
    """(c.relreplident = 'f' OR EXISTS (
     SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[:i.indnkeyatts - 1]) AND i.indimmediate
        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END))"""
)
