"""In which time zone ClickHouse cuts an instant into days and months: the column's own, or the server's where it has none.

A partition key is computed in that zone whatever a session says [run 26.9, 18.16]; the source is read by UTC's days and months.
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import View
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import Partitioning
from dpone_compiler.sql.clickhouse_native import Native, parse_native
from dpone_compiler.sql.clickhouse_types import unwrapped

UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Zulu"})


def own_zone(native: Native) -> str:
    """The zone that the type itself names; '' for none."""
    return next((arg for arg in native.args if isinstance(arg, str)), "")


def unit_refusal(seen: View, wanted: Partitioning) -> str:
    """Why the partitions of this server cannot be named to a source; '' when both sides cut them at the same instants."""
    column = seen.structure.column(wanted.column) if seen.structure is not None else None
    parsed = parse_native(column.native) if column is not None and column.type.kind is Kind.TIMESTAMP else None
    zone = (own_zone(unwrapped(parsed)) or seen.zone) if parsed is not None else "UTC"
    if zone in UTC:
        return ""
    if not zone:
        return f"{wanted.column!r} has no time zone, and the snapshot does not say the server's; run `dponec introspect` again"
    return (
        f"{wanted.column!r} is cut by {wanted.unit.value} in the zone {zone!r}, and the source is read by units of UTC, so rows "
        "between the two midnights would be lost; make it of zone 'UTC', or partition by a date"
    )
