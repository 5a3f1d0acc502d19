"""Key matching with its NULL branch written out: a key with a NULL part equals nothing, so such a row is never deleted or replaced.

Copy-and-swap loaders that write `NOT (key IN …)` alone lose every row with a NULL key (field.md, finding 3).
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import View
from dpone_compiler.sql.clickhouse_names import ident
from dpone_compiler.sql.render import Sql, frame, join


def key_in(seen: View, key: tuple[str, ...], tables: tuple[Sql, ...], *, assumed: bool = False) -> Sql:
    """True where the row's key is in one of the tables, and never NULL. `assumed`: their keys are Nullable and never NULL."""
    keys = _assumed(key, tables) if assumed else _keys(seen, key, tables)
    inside = frame("<<key>> IN (<<keys>>)", key=_tuple(seen, key), keys=keys)
    complete = all_known(seen, key)
    return inside if complete is None else frame("(<<complete>> AND <<inside>>)", complete=complete, inside=inside)


def key_not_in(seen: View, key: tuple[str, ...], tables: tuple[Sql, ...]) -> Sql:
    """The exact complement of `key_in`: the NULL branch is explicit."""
    outside = frame("<<key>> NOT IN (<<keys>>)", key=_tuple(seen, key), keys=_keys(seen, key, tables))
    unknown = any_null(seen, key)
    return outside if unknown is None else frame("(<<unknown>> OR <<outside>>)", unknown=unknown, outside=outside)


def key_missing(seen: View, key: tuple[str, ...], tables: tuple[Sql, ...]) -> Sql:
    """True where the row has a key that none of the tables has; a row without a key is never missed."""
    outside = frame("<<key>> NOT IN (<<keys>>)", key=_tuple(seen, key), keys=_keys(seen, key, tables))
    complete = all_known(seen, key)
    return outside if complete is None else frame("(<<complete>> AND <<outside>>)", complete=complete, outside=outside)


def any_null(seen: View, key: tuple[str, ...]) -> Sql | None:
    """True where a key part is NULL; None when no part can be."""
    parts = [frame("isNull(<<name>>)", name=ident(name)) for name in key if seen.nullable(name)]
    return join(" OR ", parts) if parts else None


def all_known(seen: View, key: tuple[str, ...]) -> Sql | None:
    """True where every key part has a value; None when each always has."""
    parts = [frame("isNotNull(<<name>>)", name=ident(name)) for name in key if seen.nullable(name)]
    return join(" AND ", parts) if parts else None


def _tuple(seen: View, key: tuple[str, ...]) -> Sql:
    # assumeNotNull only where needed: a bare column keeps the primary index usable.
    parts = [frame("assumeNotNull(<<name>>)", name=ident(name)) if seen.nullable(name) else ident(name) for name in key]
    return parts[0] if len(parts) == 1 else frame("(<<parts>>)", parts=join(", ", parts))


def _keys(seen: View, key: tuple[str, ...], tables: tuple[Sql, ...]) -> Sql:
    listed = join(
        ", ",
        [frame("assumeNotNull(<<name>>)", name=ident(name)) if seen.nullable(name) else ident(name) for name in key],
    )
    known = all_known(seen, key)
    where = frame(" WHERE <<known>>", known=known) if known is not None else Sql("")
    return join(
        " UNION ALL ",
        [frame("SELECT <<key>> FROM <<table>><<where>>", key=listed, table=table, where=where) for table in tables],
    )


def _assumed(key: tuple[str, ...], tables: tuple[Sql, ...]) -> Sql:
    listed = join(", ", [frame("assumeNotNull(<<name>>)", name=ident(name)) for name in key])
    return join(" UNION ALL ", [frame("SELECT <<key>> FROM <<table>>", key=listed, table=table) for table in tables])
