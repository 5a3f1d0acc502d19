"""What a wire format does to NULL, to the empty text and to awkward characters, as its vendor's page says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dpone_compiler.source.value import value


@value(kw_only=True)
class Transport:
    """One wire format; every field is a sentence that a person can check against the bytes."""

    encoding: str
    nulls: str
    empty_text: str
    text_codec: str


_ESCAPED = Transport(
    encoding="UTF8",
    nulls="\\N, which no text can look like: a backslash in a text is doubled",
    empty_text="nothing between two tabs, so '' and NULL differ",
    text_codec="tab, line feed, carriage return and backslash are escaped by a backslash",
)
TRANSPORTS: Mapping[str, Transport] = MappingProxyType(
    {
        # https://www.postgresql.org/docs/current/sql-copy.html (Binary Format)
        "binary": Transport(
            encoding="the server's own binary form of each type, text in UTF8",
            nulls="a field length of -1",
            empty_text="a field length of 0, so '' and NULL differ",
            text_codec="none: bytes pass through untouched, each field has its length before it",
        ),
        # https://www.postgresql.org/docs/current/sql-copy.html (Text Format)
        "text": _ESCAPED,
        # https://clickhouse.com/docs/interfaces/formats/TabSeparated: the same escapes and the same NULL
        "tsv": _ESCAPED,
        # https://learn.microsoft.com/sql/t-sql/functions/openjson-transact-sql
        "json": Transport(
            encoding="UTF8, one JSON array of texts a line",
            nulls="JSON null",
            empty_text='"", so it and NULL differ',
            text_codec="JSON escapes: no control character stands in a line",
        ),
    }
)
