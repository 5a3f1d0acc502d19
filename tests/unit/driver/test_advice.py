"""An advice runs the passes once, and compiles what they decided."""

from __future__ import annotations

from typing import Any

import pytest

from dpone_compiler.driver import advice as module
from dpone_compiler.driver import compile as compiling
from dpone_compiler.driver.compile import Options, read_manifest_file
from dpone_compiler.optimizer.manager import run_passes
from dpone_compiler.optimizer.order import ORDER
from tests.cli.commands import EXAMPLES


@pytest.mark.parametrize("name", ["orders_pg_to_pg", "orders_full_pg_to_ch"])
def test_the_passes_run_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[str] = []

    def counted(load: Any, context: Any, order: Any, listeners: Any) -> Any:
        if order is ORDER:
            whole.append(load.name)
        return run_passes(load, context, order, listeners)

    for each in (module, compiling):
        monkeypatch.setattr(each, "run_passes", counted)
    file = read_manifest_file(EXAMPLES / f"{name}.yaml", Options())
    (load,) = file.loads
    found = module.advise_load(load, file.catalog, file.policy, file.constants)
    assert found.transfer is not None
    assert whole == [load.name]
