"""A small bundle written by hand: full refresh, Postgres to Postgres, with the whole protocol of ADR 0003."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from dpone_compiler.artifacts.plan_codec import encode_plan, plain_plan, plan_fingerprint
from dpone_compiler.artifacts.plan_doc import GuardDoc, ParamDoc, PlanDoc, StepDoc

LOAD = "orders"

SETUP = """
CREATE SCHEMA IF NOT EXISTS dponec;
CREATE TABLE IF NOT EXISTS dponec.dponec_state (
  load text PRIMARY KEY, fence bigint NOT NULL DEFAULT 0, lease_owner text, lease_until timestamptz, lease_backend int,
  lease_backend_start timestamptz, run_id text, phase text NOT NULL DEFAULT 'idle', fingerprint text,
  window_low text, window_high text, partitions text, rows_staged bigint, digest text, watermark text,
  committed_run_id text, adopted boolean NOT NULL DEFAULT false);
"""
READ_STATE = """
SELECT s.phase, s.run_id AS attempt_run_id, s.fingerprint AS attempt_fingerprint, s.window_low AS attempt_low,
  s.window_high AS attempt_high, s.partitions AS attempt_partitions, s.rows_staged, s.digest, s.watermark, s.fence,
  s.lease_owner, extract(epoch FROM s.lease_until - clock_timestamp()) AS lease_seconds,
  CASE WHEN s.lease_backend IS NULL THEN '' WHEN EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = s.lease_backend
    AND a.backend_start = s.lease_backend_start) THEN '1' ELSE '0' END AS lease_alive,
  CASE WHEN EXISTS (SELECT 1 FROM public.orders_copy) THEN '0' ELSE '1' END AS target_empty,
  coalesce(s.adopted, false)::int AS adopted
FROM (SELECT 1) one LEFT JOIN dponec.dponec_state s ON s.load = 'orders'
"""
ACQUIRE = """
INSERT INTO dponec.dponec_state AS s (load, fence, lease_owner, lease_until, lease_backend, lease_backend_start)
SELECT 'orders', 1, current_setting('dponec.run_id'), clock_timestamp() + interval '60 s', a.pid, a.backend_start
FROM (SELECT 1) one LEFT JOIN pg_stat_activity a ON a.pid = nullif(current_setting('dponec.lease_backend'), '')::int
ON CONFLICT (load) DO UPDATE SET fence = s.fence + 1, lease_owner = excluded.lease_owner,
  lease_until = excluded.lease_until, lease_backend = excluded.lease_backend, lease_backend_start = excluded.lease_backend_start
WHERE s.lease_until IS NULL OR s.lease_until <= clock_timestamp() OR s.lease_owner = excluded.lease_owner
  OR (s.lease_backend IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = s.lease_backend
    AND a.backend_start = s.lease_backend_start))
RETURNING s.fence
"""
HEARTBEAT = """
UPDATE dponec.dponec_state SET lease_until = clock_timestamp() + interval '60 s'
WHERE load IN (SELECT load FROM dponec.dponec_state WHERE load = 'orders'
  AND fence = current_setting('dponec.fence')::bigint FOR UPDATE SKIP LOCKED)
"""
GIVEBACK = "UPDATE dponec.dponec_state SET lease_until = NULL WHERE load = 'orders' AND fence = current_setting('dponec.fence')::bigint"
FENCE = """
DO $$ BEGIN
  PERFORM 1 FROM dponec.dponec_state WHERE load = 'orders' AND fence = current_setting('dponec.fence')::bigint FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'the lease was taken over' USING ERRCODE = 'DP410'; END IF;
END $$
"""
OPEN = """
UPDATE dponec.dponec_state SET phase = 'open', run_id = current_setting('dponec.run_id'),
  fingerprint = current_setting('dponec.fingerprint'), window_low = current_setting('dponec.window_low'),
  window_high = current_setting('dponec.window_high') WHERE load = 'orders'
"""
EXTRACT = "COPY (SELECT id, note FROM public.orders WHERE id < current_setting('dponec.window_high')::int) TO STDOUT"
STAGED = """
UPDATE dponec.dponec_state SET phase = 'staged', rows_staged = (SELECT count(*) FROM staging.orders_rows) WHERE load = 'orders'
"""
CHECK = """
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM staging.orders_rows WHERE id IS NULL) THEN
    RAISE EXCEPTION 'a key column is NULL in staging' USING ERRCODE = 'DP511';
  END IF;
  IF (SELECT count(*) FROM staging.orders_rows) <> current_setting('dponec.source_rows')::bigint THEN
    RAISE EXCEPTION 'staging does not hold what the source sent' USING ERRCODE = 'DP510';
  END IF;
END $$
"""
COMMIT = """
UPDATE dponec.dponec_state SET phase = 'committed', watermark = current_setting('dponec.window_high'),
  committed_run_id = run_id WHERE load = 'orders'
"""
RELEASE = """
UPDATE dponec.dponec_state SET phase = 'done', lease_owner = NULL, lease_until = NULL, lease_backend = NULL WHERE load = 'orders'
"""
GUARD = "SELECT CASE WHEN to_regclass('staging.orders_rows') IS NULL THEN '0' ELSE '1' END"
ATTEMPT = (
    "phase",
    "attempt_run_id",
    "attempt_fingerprint",
    "attempt_low",
    "attempt_high",
    "attempt_partitions",
    "rows_staged",
    "watermark",
    "fence",
    "lease_owner",
    "lease_seconds",
    "lease_alive",
    "target_empty",
    "adopted",
)


def hand_steps() -> tuple[tuple[StepDoc, dict[str, str]], ...]:
    """Steps with the bodies of their files."""
    staged = GuardDoc(kind="phase", phase="staged")
    return (
        _step("read_state", READ_STATE, op="query", captures=ATTEMPT, idempotency="pure"),
        _step(
            "acquire_lease",
            ACQUIRE,
            op="query",
            params=("run_id", "lease_backend"),
            captures=("fence",),
            more={"heartbeat": HEARTBEAT, "giveback": GIVEBACK},
        ),
        _step(
            "freeze_window",
            "SELECT coalesce(max(id), 0) + 1 AS window_high, '0' AS window_low FROM public.orders",
            op="query",
            side="source",
            captures=("window_low", "window_high"),
            idempotency="pure",
        ),
        _step("fence_open", FENCE, kind="fence", params=("fence",), transaction="open"),
        _step(
            "open_attempt",
            OPEN,
            params=("run_id", "fingerprint", "window_low", "window_high"),
            transaction="open",
        ),
        _step("fence_stage", FENCE, kind="fence", params=("fence",), transaction="stage", guard=staged),
        _step(
            "create_staging",
            "DROP TABLE IF EXISTS staging.orders_rows; CREATE TABLE staging.orders_rows (id int, note text)",
            transaction="stage",
            guard=staged,
        ),
        _step(
            "fingerprint_source",
            "SELECT count(*) AS source_rows FROM public.orders WHERE id < current_setting('dponec.window_high')::int",
            op="query",
            side="source",
            params=("window_high",),
            captures=("source_rows",),
            snapshot="extract",
            guard=staged,
            idempotency="pure",
        ),
        _step(
            "transfer",
            "",
            op="transfer",
            params=("window_high",),
            transaction="stage",
            snapshot="extract",
            guard=staged,
            wire="text",
            more={"extract": EXTRACT, "load": "COPY staging.orders_rows (id, note) FROM STDIN"},
        ),
        _step("fence_prove", FENCE, kind="fence", params=("fence",), transaction="prove", guard=staged),
        _step("check_staged", CHECK, params=("source_rows",), transaction="prove", guard=staged),
        _step(
            "record_staged",
            STAGED,
            transaction="prove",
            guard=GuardDoc(kind="phase", phase="staged", file="steps/guard.sql"),
            more={"": GUARD},
        ),
        _step("fence_apply", FENCE, kind="fence", params=("fence",), transaction="apply"),
        _step("delete_all", "DELETE FROM public.orders_copy", transaction="apply"),
        _step("insert_staged", "INSERT INTO public.orders_copy SELECT * FROM staging.orders_rows", transaction="apply"),
        _step("commit_state", COMMIT, params=("window_high",), transaction="apply"),
        _step("drop_staging", "DROP TABLE IF EXISTS staging.orders_rows"),
        _step("release_lease", RELEASE),
    )


def write_hand_bundle(folder: Path, **overrides: Any) -> PlanDoc:
    """Write the bundle; `overrides` replace bodies by step id, or (as `doc_<field>`) fields of the document."""
    files: dict[str, str] = {"setup/01-target.sql": SETUP}
    steps = []
    for step, bodies in hand_steps():
        for path, body in bodies.items():
            files[path] = overrides.get(step.id, body) if path == step.file else body
        steps.append(step)
    commands: dict[str, str] = overrides.get("commands", {})
    files.update({f"replay/{name}.sql": body for name, body in commands.items()})
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(body, encoding="utf-8")
    names = ("run_id", "fingerprint", "fence", "watermark", "window_low", "window_high", "source_rows", "lease_backend")
    values: dict[str, Any] = {
        "name": LOAD,
        "compiler": "test",
        "fingerprint": "",
        "effects": "e1",
        "inputs": {},
        "route": {
            "source": {"engine": "postgres", "connection": "src"},
            "target": {"engine": "postgres", "connection": "dst"},
        },
        "decision": {"strategy": "full_refresh"},
        "contract": {},
        "params": tuple(ParamDoc(name=name, type="text", source="run") for name in names),
        "steps": tuple(steps),
        "native_transfer_plan": {},
        "types": (),
        "replay": {"resume": {"stages": {"finalize": {"steps": ["fence_apply"]}}}},
        "state": {"engine": "postgres", "connection": "dst", "table": "dponec.dponec_state", "load": LOAD}
        | {name: f"replay/{name}.sql" for name in commands},
        "limits": {"lease_seconds": 3},
        "setup": ("setup/01-target.sql",),
        "files": {path: hashlib.sha256(body.encode()).hexdigest() for path, body in files.items()},
    }
    doc = PlanDoc(**{**values, **{k[4:]: v for k, v in overrides.items() if k.startswith("doc_")}})
    # A test of run.sh, which does not read plan.json, may say it: then edited bodies go on with one another's runs.
    doc = replace(doc, fingerprint=doc.fingerprint or plan_fingerprint(plain_plan(doc)))
    (folder / "plan.json").write_text(encode_plan(doc), encoding="utf-8")
    return doc


def _step(
    step_id: str,
    body: str,
    *,
    kind: str = "",
    op: str = "sql",
    side: str = "target",
    more: dict[str, str] | None = None,
    **rest: Any,
) -> tuple[StepDoc, dict[str, str]]:
    bodies = {f"steps/{step_id}.sql": body} if body else {}
    files = {}
    for role, text in (more or {}).items():
        path = f"steps/{step_id}.{role}.sql" if role else "steps/guard.sql"
        bodies[path] = text
        if role:
            files[role] = path
    step = StepDoc(
        id=step_id,
        kind=kind or step_id,
        op=op,
        side=side,
        engine="postgres",
        connection="src" if side == "source" else "dst",
        purpose=f"do {step_id}",
        why="a test",
        file=f"steps/{step_id}.sql" if body else "",
        files=files,
        **{"idempotency": "transactional", **rest},
    )
    return step, bodies
