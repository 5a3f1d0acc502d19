"""Names that try to break out of the SQL."""

from __future__ import annotations

NASTY = "\"'; DROP TABLE x; -- $(rm -rf /) `id` $$ \n ü {a:String} %s \\ /*"
PLAIN = "Plain Name"


def quoted(sink: str, name: str) -> str:
    """A quoted identifier, written here once more so that the product is not its own judge."""
    if sink == "clickhouse":
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`").replace("\n", "\\n") + "`"
    return '"' + name.replace('"', '""') + '"'


def names_of(nasty: str) -> tuple[str, str]:
    """Schema and table: half of the name each."""
    name = nasty.strip()
    return f"s {name[:18]}", f"t {name[18:48]}"
