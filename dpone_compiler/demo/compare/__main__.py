"""The command line of the comparator."""

from __future__ import annotations

import argparse
import sys

from dpone_compiler.demo.compare import Unreadable, compare


def main(words: list[str] | None = None) -> int:
    """0: equal, 1: different, 2: usage, or a side that cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m dpone_compiler.demo.compare",
        description="Compare two query results as multisets of typed rows.",
    )
    for side in ("source", "target"):
        parser.add_argument(f"{side}_url", help="postgresql://, clickhouse://, clickhouse+http:// or chdb:///folder")
        parser.add_argument(f"{side}_query", help="columns meet by position; one ORDER BY for both saves memory")
    parser.add_argument(
        "--key", default="", help="columns that name a row in the differences: a,b (default: the first)"
    )
    parser.add_argument("--limit", type=int, default=5, help="how many differences to name (default: 5)")
    given = parser.parse_args(words)
    key = tuple(name for name in given.key.split(",") if name)
    try:
        found = compare(
            given.source_url, given.source_query, given.target_url, given.target_query, key=key, limit=given.limit
        )
    except Unreadable as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 2
    print(found)
    if not found.equal:
        print(f"rows of the source without an equal: {found.missing}, of the target: {found.extra}")
    for difference in found.differences:
        print(f"  {difference}")
    return 0 if found.equal else 1


if __name__ == "__main__":
    sys.exit(main())
