"""ClickHouse's native protocol through clickhouse-driver; its Python values go back to the exact text of their type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from dpone_compiler.demo.compare.clickhouse import Refused, zone

Described = list[tuple[str, str]]


@contextmanager
def open_native(url: str, query: str) -> Iterator[tuple[Described, Iterator[list[bytes | None]]]]:
    """A server's native port."""
    from clickhouse_driver import Client  # noqa: PLC0415
    from clickhouse_driver.errors import Error  # noqa: PLC0415

    client = Client.from_url(url)
    try:
        # Without a zone in the type the driver gives wall time of the server's zone.
        server_zone = zone(client.execute("SELECT timezone()")[0][0])
        rows = client.execute_iter(query, with_column_types=True, settings={"strings_as_bytes": True})
        described: Described = next(rows)
        if too_fine := [name for name, kind in described if any(f"DateTime64({n}" in kind for n in "789")]:
            raise Refused(f"clickhouse-driver cuts nanoseconds of {', '.join(too_fine)}: use clickhouse+http://")
        yield described, ([_text(value, server_zone) for value in row] for row in rows)
    except Error as error:
        raise Refused(error) from error
    finally:
        client.disconnect()


def _text(value: Any, local: tzinfo) -> bytes | None:
    match value:
        case None:
            return None
        case bytes():
            return value
        case Decimal():
            return format(value, "f").encode()
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=local)
            return aware.astimezone(UTC).replace(tzinfo=None).isoformat(" ").encode()
        case date():
            return value.isoformat().encode()
        case float():
            return repr(value).encode()
        case bool():
            return b"1" if value else b"0"
        case _:
            return str(value).encode()
