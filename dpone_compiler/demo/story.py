"""The story of the demonstration: from a manifest to a plan to equal rows, with changes, deletions and a crash between."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dpone_compiler.demo import data
from dpone_compiler.demo.tamper import SAID, tamper
from dpone_compiler.demo.telling import Teller
from dpone_compiler.demo.world import DemoError, World, make_world


@dataclass(frozen=True, slots=True)
class Route:
    """A load of the demonstration, and the point at which its second run is killed (DPONEC_FAULT)."""

    name: str
    load: str
    connection: str
    kill: str
    during: str
    unit: str
    phase: str  # what the state row says after the kill


ROUTES = (
    Route(
        name="Postgres to Postgres",
        load="orders_days_pg_to_pg",
        connection="demo_pg",
        kill="inside:transfer-rows:rows={half}",
        unit="days",
        during="during the transfer, while rows stream into staging",
        phase="open",
    ),
    Route(
        name="Postgres to ClickHouse",
        load="orders_months_pg_to_ch",
        connection="demo_ch",
        kill="inside:replace-partitions:rows=1",
        unit="months",
        during="between two months: one is replaced in the target, the other is not",
        phase="staged",
    ),
)
_COUNT = "SELECT count(*) FROM dwh.orders"
_CONTENT = "SELECT count(*), sum(hashtextextended(o::text, 0)) FROM dwh.orders AS o"
_SIGKILLED = -9


def tell_story(teller: Teller, *, rows: int, keep: Path | None, tampering: str | None) -> bool:
    """Everything in order; whether all contents were equal at the end."""
    teller.title("dponec demo: one table of awkward orders, from Postgres into Postgres and into ClickHouse")
    with _told_world(teller, keep) as world:
        _make_tables(teller, world, rows)
        _compile(teller, world)
        _setup(teller, world)
        with teller.phase("full load: the first run of each load"):
            for route in ROUTES:
                _run(teller, world, route, "--apply-setup")
                teller.say(f"  rows in the target now: {int(world.ask(route.connection, _COUNT)[0][0] or 0):,}")
        _change(teller, world)
        _kill(teller, world, rows)
        with teller.phase("resume: the same command again, for both"):
            for route in ROUTES:
                _resume(teller, world, route)
        if tampering:
            with teller.phase("tampering"):
                tamper(world, tampering)
                teller.say(f"behind the back of dponec {SAID[tampering]} in each target (--tamper {tampering})")
        with teller.phase("comparison: source and target, by a reader that shares no code with dponec"):
            equal = _compare(teller, world)
    return equal


@contextmanager
def _told_world(teller: Teller, keep: Path | None) -> Iterator[World]:
    """The world, started inside the first phase and ended outside of any."""
    with ExitStack() as stack:
        with teller.phase("engines: two Postgres from a wheel, ClickHouse through chDB, each a process of its own"):
            world = stack.enter_context(make_world(keep))
            teller.say(", ".join(f"{name} {version}" for name, version in world.versions.items()))
            if keep:
                teller.say(*(f"{name}: {url}" for name, url in world.urls.items()))
                teller.say(f"bundles and journals stay in {world.kept}")
        yield world


def _make_tables(teller: Teller, world: World, rows: int) -> None:
    import psycopg  # noqa: PLC0415

    with teller.phase(
        f"source: {rows:,} orders with tabs, newlines, NULLs, astral letters, 38-digit numbers, microseconds"
    ):
        with psycopg.connect(world.urls["demo_source"], autocommit=True) as connection:
            data.create_source(connection, rows)
        with psycopg.connect(world.urls["demo_pg"], autocommit=True) as connection:
            data.create_postgres_target(connection)
        for statement in data.clickhouse_target():
            world.ask("demo_ch", statement)


def _compile(teller: Teller, world: World) -> None:
    with teller.phase("compile: from the manifests and the committed catalog, without asking any server"):
        manifests = [f"{world.examples.name}/{route.load}.yaml" for route in ROUTES]
        teller.command("dponec compile", *manifests, "-o plans")
        done = world.dponec("compile", *manifests, "-o", str(world.kept / "plans"))
        warnings = done.stderr.count("warning[")
        teller.say(
            done.stdout.splitlines()[-1],
            f"{warnings} warnings: types of ClickHouse with a smaller range; plan.md names them",
        )
    with teller.phase("plan: what a reviewer reads (plans/<load>/plan.md has all of it)"):
        for route in ROUTES:
            teller.command(f"dponec plan plans/{route.load} --explain-strategy")
            teller.say(*_outline(world.dponec("plan", str(world.bundle(route.load)), "--explain-strategy").stdout))


def _outline(text: str) -> list[str]:
    """Everything but the steps, which are told in one line."""
    before, _, steps = text.partition("\nsteps:\n")
    names = [line.split()[1] for line in steps.splitlines() if line.strip()[:1].isdigit()]
    listed = textwrap.wrap(f"steps: {', '.join(names)}", 118, subsequent_indent="  ", break_on_hyphens=False)
    return [*before.splitlines(), *listed]


def _setup(teller: Teller, world: World) -> None:
    with teller.phase("setup: SQL for a DBA; `run` never applies it unasked"):
        for route in ROUTES:
            refused = world.dponec(*world.run_words(route.load), fails=True)
            if refused.returncode == 0:
                raise DemoError(f"{route.load} ran without its setup")
            teller.say(refused.stderr.splitlines()[0].replace(f"{world.kept}/", ""))


def _run(teller: Teller, world: World, route: Route, *words: str) -> None:
    teller.command(f"dponec run plans/{route.load}", *words)
    teller.say(_told(world.run(route.load, *words)))


def _told(outcome: dict[str, Any]) -> str:
    rows, seconds = outcome["rows"], outcome["seconds"]
    if not rows:
        return f"done in {seconds:.1f} s from what was staged; the source is not read again (run {outcome['run_id']})"
    return f"done: {rows:,} rows read in {seconds:.1f} s, {rows / max(seconds, 0.001):,.0f} rows/s (run {outcome['run_id']})"


def _change(teller: Teller, world: World) -> None:
    import psycopg  # noqa: PLC0415

    with teller.phase("time passes at the source"):
        with psycopg.connect(world.urls["demo_source"], autocommit=True) as connection:
            changed = data.change_source(connection)
        teller.say(
            f"{changed.updated:,} orders changed (a tenth): {changed.moved:,} of them moved to another day, "
            f"{changed.left:,} became drafts, which the manifests leave out",
            f"{changed.inserted:,} orders are new, {changed.deleted:,} were deleted (DELETE, no trace in any cursor)",
            "How the deletions are followed: both loads read the days or months that changed again as a whole and replace",
            "them. A deletion in a day or month where nothing else changed would not be seen; full_refresh sees it.",
        )


def _kill(teller: Teller, world: World, rows: int) -> None:
    with teller.phase("incremental load, killed in the middle (SIGKILL)"):
        for route in ROUTES:
            before = world.ask("demo_pg", _CONTENT)
            teller.command(f"dponec run plans/{route.load}")
            point = route.kill.format(half=max(1, rows // 20))
            killed = world.dponec(*world.run_words(route.load), fails=True, DPONEC_TESTING="1", DPONEC_FAULT=point)
            landed = [line for line in killed.stderr.splitlines() if "landed" in line]
            state = world.state(route.load)
            if killed.returncode != _SIGKILLED or not landed or state.get("phase") != route.phase:
                raise DemoError(f"the kill of {route.load} did not land: {killed.returncode} {killed.stderr} {state}")
            teller.say(f"  killed {route.during}", f"  {landed[0].removeprefix('DPONEC_FAULT ')}")
            teller.say(f"  state row in the target: phase {state['phase']}, unfinished run {state['run_id']}")
            if route.connection == "demo_pg":
                if world.ask("demo_pg", _CONTENT) != before:
                    raise DemoError("the killed run changed the target")
                teller.say("  the target still holds exactly the rows from before")


def _resume(teller: Teller, world: World, route: Route) -> None:
    unfinished = world.state(route.load)["run_id"]
    _run(teller, world, route)
    state = world.state(route.load)
    if state["phase"] != "done" or state["committed_run_id"] != unfinished:
        raise DemoError(f"{route.load} did not finish run {unfinished}: {state}")
    replaced = json.loads(state.get("partitions") or "[]")
    teller.say(f"  the same run, finished; phase {state['phase']}, {len(replaced)} {route.unit} replaced")


def _compare(teller: Teller, world: World) -> bool:
    """Both routes at once, each by a process that knows nothing of dponec but two addresses and two queries."""
    running = []
    try:
        for route in ROUTES:
            words = (world.urls["demo_source"], data.SOURCE_QUERY, world.urls[route.connection], data.TARGET_QUERY)
            argv = (sys.executable, "-m", "dpone_compiler.demo.compare", *words, "--key", "order_id")
            running.append(subprocess.Popen(argv, env=dict(world.environment), stdout=subprocess.PIPE, text=True))
        codes = []
        for route, child in zip(ROUTES, running, strict=True):
            told = (child.communicate()[0] or "cannot compare").splitlines()
            codes.append(child.returncode)
            teller.verdict(f"   {route.name}: {told[0]}", good=child.returncode == 0)
            teller.say(*(f"  {line}" for line in told[1:]))
    finally:
        for child in running:
            if child.poll() is None:
                child.kill()
                child.wait()
    return not any(codes)
