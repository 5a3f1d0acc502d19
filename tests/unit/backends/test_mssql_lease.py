"""The lease on SQL Server, read from a plan: what is locked before what is asked, and what a beat passes over."""

from __future__ import annotations

import re

from tests.compiled_bundles import bundle

FILES = {name: text for name, text in bundle("merge_ms").files.items() if name.startswith("steps/")}


def text(step: str) -> str:
    (found,) = (body for name, body in FILES.items() if re.search(rf"/\d+-{re.escape(step)}\.sql$", name))
    return found


def test_the_owner_is_looked_at_when_the_row_is_ours() -> None:
    taken = text("acquire-lease")
    assert (
        taken.index("WITH (UPDLOCK, HOLDLOCK)") < taken.index("APPLOCK_TEST") < taken.index("SET @dp_fence = [fence]")
    )


def test_a_beat_passes_over_what_a_transaction_of_the_run_holds() -> None:
    """It waits for a shared lock, which its update lock can stand beside; and READPAST alone is refused under row versions."""
    assert "WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)" in text("acquire-lease.heartbeat")
    fenced = [body for body in FILES.values() if "AND [lease_owner] = @run_id" in body and "IF NOT EXISTS" in body]
    assert len(fenced) >= 6
    for body in fenced:
        assert "(UPDLOCK, HOLDLOCK)" in body and "REPEATABLEREAD" not in body


def test_a_transaction_of_its_own_prolongs_the_lease_at_its_end() -> None:
    alone = [body for body in FILES.values() if "  BEGIN TRANSACTION;" in body and "THROW 50410" in body]
    fenced = [body for body in alone if "IF NOT EXISTS" in body and "acquire-lease" not in body]
    assert len(fenced) >= 5
    for body in fenced:
        last = body[: body.index("  COMMIT TRANSACTION;")].rstrip().rpartition("UPDATE ")[2]
        assert last.count(";") == 1 and "SET [lease_until] = DATEADD(second, " in last
