"""From an engine's error to the end of a run: which exit code, whether to try again, and what to type next."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.connections.session import EngineError
from dpone_compiler.runtime.outcome import REFUSED, SIGNALLED, STOPPED, TRANSIENT, RefusedError, RunOutcome, command
from dpone_compiler.runtime.setup import setup_command

LOST_FENCE = "DP410"
_ASKS_STATE = ("read_state", "check_not_lost")
# Postgres: disk_full. ClickHouse: NOT_ENOUGH_SPACE. SQL Server: a full filegroup, a full log.
_FULL = ("53100", "243", "1105", "9002")
# ENOSPC, as ClickHouse tells it of any file that it could not write (codes 75 and others).
_NO_SPACE = "errno: 28,"
# EEXIST of a table's new definition: a CREATE that a full disk stopped left it, and 18.16 takes it away when it starts [run].
_LEFT_OVER = (".sql.tmp", "errno: 17,")
_CURE = "; a CREATE that the full disk stopped left this file: remove it, or restart the server, which removes it"
# Postgres: undefined_table, invalid_schema_name. ClickHouse: UNKNOWN_TABLE, UNKNOWN_DATABASE (src/Common/ErrorCodes.cpp).
# SQL Server: 208, invalid object name.
_NO_STATE = ("42P01", "3F000", "60", "81", "208")
# Postgres: undefined_column. ClickHouse: UNKNOWN_IDENTIFIER. SQL Server: 207, invalid column name.
_OLD_STATE = ("42703", "47", "207")


def stopped_by(error: EngineError, *, step: str, kind: str, changed: bool, doc: PlanDoc, bundle: str) -> RefusedError:
    """The end that an engine's error leads to. `changed`: this attempt has left something in the target."""
    run = command("dponec", "run", bundle)
    if kind == "take_lease" and error.code in _NO_STATE:
        message = f"the table of leases is not there; a DBA runs setup/ once, or: {setup_command(doc, bundle)}"
        return RefusedError("DP416", message, next=command("dponec", "run", bundle, "--apply-setup"), step=step)
    if kind in _ASKS_STATE and error.code in _NO_STATE:
        message = f"the state table {doc.state.get('table', '')} is not there; a DBA runs setup/ once, or: {setup_command(doc, bundle)}"
        return RefusedError("DP416", message, next=command("dponec", "run", bundle, "--apply-setup"), step=step)
    if kind == "read_state" and error.code in _OLD_STATE:
        message = f"the state table {doc.state.get('table', '')} is of an older dponec ({error.message}); add the columns of setup/"
        return RefusedError("DP416", message, next=command("dponec", "explain", "DP416"), step=step)
    if error.code == LOST_FENCE:
        ended = (
            "this one stops before it changes the target"
            if kind == "renew_lease"
            else "the transaction was rolled back"
        )
        message = f"another run took this load over; {ended} ({error.message})"
        return RefusedError(LOST_FENCE, message, exit_code=STOPPED, retryable=True, next=run, step=step)
    if error.code.startswith("DP"):
        return RefusedError(error.code, error.message, next=command("dponec", "explain", error.code), step=step)
    left_over = all(part in error.message for part in _LEFT_OVER)
    if error.transient or error.code in _FULL or _NO_SPACE in error.message or left_over:
        code = "DP425" if not error.transient else "DP421" if error.unreachable else "DP422"
        message = f"{error}{_CURE}" if left_over and not error.transient else str(error)
        exit_code = STOPPED if changed else TRANSIENT
        return RefusedError(code, message, exit_code=exit_code, retryable=True, next=run, step=step)
    code = "DP423" if error.permission else "DP421" if error.unreachable else "DP424"
    return RefusedError(code, str(error), exit_code=STOPPED if changed else REFUSED, next=run, step=step)


def stopped_by_system(error: OSError, *, step: str, changed: bool, bundle: str) -> RefusedError:
    """A full disk, a closed folder: the system's words, and the way on."""
    message = f"{error.filename or 'the system'}: {error.strerror or error}"
    exit_code = STOPPED if changed else TRANSIENT
    return RefusedError(
        "DP425", message, exit_code=exit_code, retryable=True, next=command("dponec", "run", bundle), step=step
    )


def stopped_by_signal(number: int, *, step: str, doc: PlanDoc, bundle: str) -> RunOutcome:
    """A signal came while the run was under way."""
    left = (
        "what it has done in ClickHouse stays, and the next run goes on from there"
        if doc.state.get("engine") == "clickhouse"
        else "the open transaction was rolled back"
    )
    return RunOutcome(
        exit_code=SIGNALLED + number,
        status="interrupted",
        code="DP426",
        message=f"stopped by signal {number}; {left}",
        step=step,
        retryable=True,
        next=command("dponec", "run", bundle),
    )


def signalled_late(number: int, outcome: RunOutcome, *, bundle: str) -> RunOutcome:
    """A signal came when the run had ended. Its receipt tells that end; to the caller it is a signal, so that nothing more is started."""
    ended = f"{outcome.code}: {outcome.message}" if outcome.code else outcome.status
    return replace(
        outcome,
        exit_code=SIGNALLED + number,
        status="interrupted",
        code="DP426",
        message=f"signal {number} came when the run had ended ({ended})",
        retryable=True,
        next=outcome.next or command("dponec", "run", bundle),
    )
