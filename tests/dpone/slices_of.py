"""Run by dpone's own interpreter: blocks `backfill` as JSON lines in, the ends of the slices that it cuts as JSON lines out."""

from __future__ import annotations

import json
import sys

from dpone.backfill.models import chunk_spec_from_options  # type: ignore[import-not-found]
from dpone.backfill.planner import plan_chunks  # type: ignore[import-not-found]

for line in sys.stdin:
    chunks = plan_chunks(chunk_spec_from_options(json.loads(line)), run_key="test")
    sys.stdout.write(json.dumps([[chunk.start, chunk.end] for chunk in chunks]) + "\n")
