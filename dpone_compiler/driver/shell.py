"""run.sh: the plan's steps as calls of the functions in templates/shell/run.sh.frame, with psql and clickhouse-client alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dpone_compiler.artifacts.plan_doc import FROZEN, PlanDoc, StepDoc, asked_for
from dpone_compiler.artifacts.session_settings import CLICKHOUSE_SERVER, OVERFLOWS, SESSION_LIMITS
from dpone_compiler.driver.frames import shell_frame
from dpone_compiler.script.words import Command, Comment, Line, Shell, When, command, script, word

_EVERY_RUN = ("take_lease", "read_state", "acquire_lease", "check_table")
_CLIENTS = ("postgres", "clickhouse", "mssql")
_PREFIX = {"postgres": "pg", "clickhouse": "ch", "mssql": "ms"}
_REFUSE = command("refuse").words
_LEASE = 60  # seconds, where the plan says nothing
_SLOT = ("create_slot", "export_snapshot", "read_changes", "advance_slot")


def render_run_sh(doc: PlanDoc) -> str:
    """The script's text, deterministic."""
    steps = doc.steps
    lines = [line for unit in _units(steps) for line in _unit(unit, steps)]
    source = next((step for step in steps if step.side == "source"), None)
    sliced = any(step.kind == "next_slice" for step in steps)
    route = doc.route.get("source") or {}
    holes = {
        "name": word(doc.name),
        "fingerprint": word(doc.fingerprint),
        "transactional": word("1" if doc.state.get("engine") in ("postgres", "mssql") else ""),
        "target_engine": word(doc.state.get("engine", "")),
        "target_connection": word(doc.state.get("connection", "")),
        "source_engine": word(source.engine if source else str(route.get("engine", ""))),
        "source_connection": word(source.connection if source else str(route.get("connection", ""))),
        "table": word(str((doc.route.get("target") or {}).get("table", ""))),
        "defaults": script([command("set_default", param.name) for param in doc.params] or [command(":")]),
        "derived": script(
            [command("set_derived", p.name, p.prefix) for p in doc.params if p.source == "derived"] or [command(":")]
        ),
        "locked": word("1" if any(step.op == "lock" for step in steps) else ""),
        **_lease(steps),
        "beat": word(format(float(doc.limits.get("lease_seconds") or _LEASE) / 3, ".3f")),
        "limits": word(
            "".join(f" -c {name}={doc.limits[name]}s" for name in SESSION_LIMITS["postgres"] if doc.limits.get(name))
        ),
        "overflows": script([command(*OVERFLOWS)]),
        "server": word(CLICKHOUSE_SERVER),
        "mssql": _mssql(doc),
        "sliced": Shell(shell_frame("slices.sh.frame").render() if sliced else ""),
        "more": Shell(script([command("go_on")]).text + "\n" if sliced else ""),
        "staged_guard": script([_staged_guard(steps)]),
        "steps": script([*_refusals(lines), *lines]),
    }
    return shell_frame("run.sh.frame").render(**holes)


def _lease(steps: Sequence[StepDoc]) -> dict[str, Shell]:
    """How a lease is given back, and the connection of one that is kept beside the target.

    A lease on SQL Server is prolonged as any; it is not given back, but runs out by itself, or is taken again by the same run.
    """
    step = next((s for s in steps if "giveback" in s.files and s.engine in ("postgres", "mssql")), None)
    elsewhere = step.connection if step is not None and step.side == "lock" else ""
    kept = shell_frame("lease.sh.frame").render(connection=word(elsewhere)) if elsewhere else ""
    return {
        "giveback": word(step.files["giveback"] if step and step.engine == "postgres" else ""),
        "heartbeat": word(step.files["heartbeat"] if step else ""),
        "lease_side": word("lock" if elsewhere else "target"),
        "lease_params": Shell("lease_holder lease_fence" if elsewhere else "run_id fence"),
        "lock": Shell(kept),
    }


def _mssql(doc: PlanDoc) -> Shell:
    """What a plan needs that reads from SQL Server or loads into it."""
    source, target = (doc.route.get("source") or {}).get("engine"), doc.state.get("engine")
    if "mssql" not in (source, target):
        return Shell("")
    parts = [shell_frame("mssql.sh.frame").render()]
    if source == "mssql":
        parts.append(shell_frame("bcp_out.sh.frame").render())
    if target == "mssql":
        lines = Shell("" if source == "mssql" else shell_frame("copy_lines.sh.frame").render())
        parts.append(shell_frame("bcp_in.sh.frame").render(lines=lines))
    if doc.route.get("client_os") == "windows":
        parts.append(shell_frame("windows.sh.frame").render())
    return Shell("".join(parts))


def _refusals(lines: Iterable[Line]) -> Iterable[Line]:
    """What a unit would refuse stops the script before the first one, which takes no lease for nothing."""
    bodies = (line.body for line in lines if isinstance(line, When))
    return [line for body in bodies for line in body if isinstance(line, Command) and line.words[:1] == _REFUSE][:1]


def _units(steps: Sequence[StepDoc]) -> list[list[StepDoc]]:
    """Steps that one psql call has to hold together; the same grouping as the runtime's."""
    last = {key: index for index, step in enumerate(steps) for key in _groups(step)}
    units: list[list[StepDoc]] = []
    first = 0
    while first < len(steps):
        end = at = first
        while at <= end:
            end = max([end, *(last[key] for key in _groups(steps[at]))])
            at += 1
        units.append(list(steps[first : end + 1]))
        first = end + 1
    return units


def _groups(step: StepDoc) -> list[tuple[str, str]]:
    named = (("transaction", step.transaction), ("snapshot", step.snapshot))
    return [(kind, name) for kind, name in named if name]


def _phase(step: StepDoc, committed: set[str]) -> str:
    if step.kind in FROZEN:
        return "open"
    return "committed" if step.id in committed else step.guard.phase


def _done_when_committed(steps: Sequence[StepDoc]) -> set[str]:
    """Up to the commit, with or without a transaction around it: staging may be half dropped once a run is committed."""
    last = max((at for at, step in enumerate(steps) if step.kind == "commit_state"), default=-1)
    joined = {step.transaction for step in steps if step.kind == "commit_state"} - {""}
    alone = {step.id for step in steps[: last + 1] if not step.guard.phase and step.kind not in _EVERY_RUN}
    return alone | {step.id for step in steps if step.transaction in joined}


def _unit(unit: list[StepDoc], steps: Sequence[StepDoc]) -> Iterable[Line]:
    committed = _done_when_committed(steps)
    # A fence alone does nothing, so it is done whenever its transaction is.
    phases = {_phase(step, committed) for step in unit if step.kind != "fence" or len(unit) == 1}
    name = unit[0].transaction or unit[0].id if len(unit) > 1 else unit[0].id
    for step in unit:
        yield Comment(f"{step.id}: {step.purpose}")
    problem = _problem(unit, phases)
    body = [command("refuse", problem)] if problem else list(_body(unit))
    phase = next(iter(phases)) if len(phases) == 1 else ""
    yield When(command("todo", name, phase, *_asked(unit[0])), tuple(body))


def _asked(step: StepDoc) -> Iterable[str]:
    """How a step that may have been done before its run died is asked for."""
    return (f"{_PREFIX[step.engine]}_yes", step.side, step.guard.file) if asked_for(step) else ()


def _problem(unit: list[StepDoc], phases: set[str]) -> str:
    """Why psql and clickhouse-client alone cannot do this unit, or ''."""
    if any(step.engine not in _CLIENTS for step in unit):
        return "no client for this engine is called by run.sh; use dponec run"
    if any(step.kind in _SLOT for step in unit):
        # pg_recvlogical streams and confirms, so it cannot peek, and psql decodes no pgoutput message.
        return "psql can neither hold an exported snapshot nor decode the changes of a slot; use dponec run"
    if len(unit) > 1 and any(map(asked_for, unit)):
        return "a step of a transaction is asked for whether it is done; use dponec run"
    if len(phases) > 1:
        return "steps of one transaction have different guards; use dponec run"
    if sum(step.op == "transfer" for step in unit) > 1:
        return "two transfers share one transaction; use dponec run"
    given: set[str] = set()
    for step in unit:
        if len(unit) > 1 and given & set(step.params):
            return f"step {step.id} reads what its own transaction has just found; use dponec run"
        given |= set(step.captures)
        if len(unit) > 1 and step.op in ("foreach", "check", "lock"):
            return f"step {step.id} cannot share a psql call; use dponec run"
    return ""


def _body(unit: list[StepDoc]) -> Iterable[Line]:
    transfer = next((step for step in unit if step.op == "transfer"), None)
    if transfer is not None:
        yield from _transfer(unit, transfer)
    elif len(unit) == 1:
        yield from _single(unit[0])
    elif unit[0].engine == "mssql":
        yield from _mssql_group(unit)
    else:
        yield command("group_begin", unit[0].side, *_params(unit))
        yield from (_member(step) for step in unit)
        yield command("group_run")
        yield from _captured(unit)


def _mssql_group(unit: list[StepDoc]) -> Iterable[Line]:
    """A transaction in one sqlcmd call, since another call would be another session."""
    yield command("ms_begin")
    yield from (command("ms_member", step.id, step.file, *step.params) for step in unit)
    yield command("ms_end")
    for step in unit:
        if step.op == "query":
            yield command("ms_took", step.id, ",".join(step.captures))
            yield command("capture", *step.captures)


def _call(step: StepDoc, op: str) -> Command:
    if step.engine != "mssql":
        return command(f"{_PREFIX[step.engine]}_{op}", step.side, step.file, *step.params)
    if op == "query":
        return command("ms_query", step.side, step.file, ",".join(step.captures), *step.params)
    return command(f"ms_{op}", step.side, step.file, *step.params)


def _single(step: StepDoc) -> Iterable[Line]:
    if step.op == "lock" and not step.file:
        return
    op = {"lock": "query"}.get(step.op, step.op)
    if step.op == "foreach":
        files = (step.files["query"], step.files["body"], step.guard.file, str(step.max_items or 0))
        yield command(f"{_PREFIX[step.engine]}_foreach", step.side, *files, *step.params)
        return
    if step.op == "await":
        yield command("ch_await", str(step.max_seconds), step.files["query"], step.files.get("body", ""))
        return
    yield _call(step, op)
    if step.kind in ("take_lease", "acquire_lease"):
        yield command("leased", *step.captures)
    elif op == "query":
        yield command("slice" if step.kind == "next_slice" else "capture", *step.captures)
    if step.kind == "read_state":
        yield command("decide")
    elif step.kind == "release_lease":
        yield command("released")
    elif step.kind == "open_attempt":
        yield command("changed")


def _transfer(unit: list[StepDoc], transfer: StepDoc) -> Iterable[Line]:
    sourced = [step for step in unit if step.side == "source"]
    target = [step for step in unit if step.side != "source"]
    by_bcp = "queryout" in transfer.files
    if by_bcp:  # count and digests come with the rows; what does not survive is counted first, so that nothing is sent for nothing
        yield from (_call(step, "sql") for step in sourced if step.op == "sql")
    else:
        yield command("extract_begin", *_params([*sourced, transfer]))
        yield from (command("extract_query", step.id, step.file) for step in sourced)
        yield command("extract_copy", transfer.files["extract"])
    if transfer.engine == "postgres":
        yield from _lines(transfer)
        yield command("group_begin", "target", *_params(target))
        yield from (_member(step) for step in target)
        yield command("pump_pg")
        yield from _arrived(transfer)
    else:
        at = target.index(transfer)
        yield from (line for step in target[:at] for line in _single(step))
        yield from _lines(transfer)
        yield _pump(transfer)
        yield from _arrived(transfer)
        yield from (line for step in target[at + 1 :] for line in _single(step))
    yield from _captured(unit)


def _lines(transfer: StepDoc) -> Iterable[Line]:
    """A work file of lines, where bcp writes it or reads it."""
    if "queryout" in transfer.files:
        yield command("ms_queryout", transfer.files["queryout"], *transfer.params)
    elif transfer.engine == "mssql":
        yield command("ms_lines")


def _arrived(transfer: StepDoc) -> Iterable[Line]:
    if "queryout" in transfer.files and transfer.engine != "mssql":
        yield command("ms_arrived")


def _pump(transfer: StepDoc) -> Command:
    if transfer.engine == "mssql":
        return command("ms_pump", transfer.files["lines"], transfer.files["unpack"], *transfer.params)
    return command("pump_ch", transfer.files["load"], *transfer.params)


def _member(step: StepDoc) -> Command:
    if step.op == "transfer":
        return command("group_copy", step.files["load"])
    if step.op == "query":
        return command("group_query", step.id, step.file)
    return command("group_file", step.file)


def _captured(unit: list[StepDoc]) -> Iterable[Line]:
    return (command("capture_of", step.id, *step.captures) for step in unit if step.op == "query")


def _params(steps: Iterable[StepDoc]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for step in steps for name in step.params))


def _staged_guard(steps: Sequence[StepDoc]) -> Line:
    record = next((step for step in steps if step.kind == "record_staged" and step.guard.file), None)
    if record is None:
        return command("true")
    ask = {"postgres": "pg_yes", "mssql": "ms_yes"}.get(record.engine, "ch_yes")
    return command(ask, record.side, record.guard.file)
