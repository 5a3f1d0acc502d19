"""Typing a command line: through the whole group, in this process or in a shell of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from dpone_compiler.artifacts.plan_codec import plan_fingerprint
from dpone_compiler.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
ORDERS = ROOT / "tests" / "cases" / "orders"
# One load a file.
EXAMPLE_LOADS = sum(path.suffix in (".yaml", ".dpone", ".py") for path in EXAMPLES.iterdir())
ERRORS = ROOT / "tests" / "cases" / "errors"

# One load of the examples in the three forms, Postgres to Postgres.
FORMS = {
    "yaml": """name: orders
source: {type: postgres, connection_id: demo_source, table: {schema: public, name: orders},
  cursor: {column: updated_at, lag: 10 minutes}, options: {estimated_rows: 200000, changed_percent: 0.1}}
sink: {type: postgres, connection_id: demo_pg, table: {schema: dwh, name: orders},
  strategy: {mode: auto, unique_key: [order_id]}}
""",
    "dpone": """load orders {
  from postgres.demo_source public.orders
  into postgres.demo_pg dwh.orders
  key order_id   cursor updated_at lag 10 minutes
  hint rows 200_000 changed 10%
  strategy auto
}
""",
    "py": '''"""One load."""
from dpone_compiler.dsl import load, postgres

(load("orders").read(postgres("demo_source", "public.orders")).into(postgres("demo_pg", "dwh.orders"))
    .key("order_id").cursor("updated_at", lag="10 minutes").hint(rows=200_000, changed=0.1).auto())
''',
}


def write_manifest(folder: Path, form: str, texts: Mapping[str, str] = FORMS) -> Path:
    """The load in one form, with the examples' catalog beside it."""
    catalog = folder / "catalog"
    if not catalog.exists():
        catalog.symlink_to(EXAMPLES / "catalog")
    path = folder / f"orders.{form}"
    path.write_text(texts[form], encoding="utf-8")
    return path


def forge(bundle: Path, change: Callable[[dict[str, Any]], None] = lambda plan: None) -> None:
    """Change the plan of a bundle, and make its digests right again, those of edited files too."""
    plan = json.loads((bundle / "plan.json").read_text(encoding="utf-8"))
    change(plan)
    plan["files"] = {path: hashlib.sha256((bundle / path).read_bytes()).hexdigest() for path in plan["files"]}
    (bundle / "plan.json").write_text(json.dumps({**plan, "fingerprint": plan_fingerprint(plan)}), encoding="utf-8")


def dponec(*words: object) -> Result:
    """The command in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words], prog_name="dponec", catch_exceptions=False)


def in_a_shell(*words: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, stdin closed and no terminal."""
    argv = [sys.executable, "-m", "dpone_compiler.cli.main", *(str(word) for word in words)]
    return subprocess.run(
        argv,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **environ},
        timeout=120,
    )
