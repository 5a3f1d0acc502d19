"""Labs, one a load and worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.engine_fixtures import _run_postgres, run_clickhouse
from tests.faults.cases import Case
from tests.faults.lab import Lab
from tests.faults.zygote import Zygote

_numbers = count(1)

LabOf = Callable[[Case], Lab]


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """The process that forks runs."""
    process = Zygote()
    yield process
    process.close()


@pytest.fixture(scope="session")
def pg_labs(pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> LabOf:
    """The lab of a load into Postgres, made once."""
    made: dict[str, Lab] = {}

    def lab_of(case: Case) -> Lab:
        if case.name not in made:
            made[case.name] = new_postgres_lab(case, zygote, tmp_path_factory.mktemp(case.name), pg_wheel)
        return made[case.name]

    return lab_of


@pytest.fixture(scope="session")
def ch_labs(
    pg_wheel: EmbeddedPostgres, chdb: Engine, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> LabOf:
    """The lab of a load into ClickHouse, made once."""
    made: dict[str, Lab] = {}

    def lab_of(case: Case) -> Lab:
        if case.name not in made:
            folder = tmp_path_factory.mktemp(case.name)
            made[case.name] = new_clickhouse_lab(case, zygote, folder, pg_wheel, chdb)
        return made[case.name]

    return lab_of


def new_postgres_lab(case: Case, zygote: Zygote, folder: Path, postgres: EmbeddedPostgres, **options: int) -> Lab:
    """Two databases of one server."""
    source, target = (_database(postgres, side) for side in ("source", "target"))
    return Lab(case, zygote, folder, source, target, **options)


def new_clickhouse_lab(
    case: Case, zygote: Zygote, folder: Path, postgres: EmbeddedPostgres, clickhouse: Engine, **options: int
) -> Lab:
    """A database of each server."""
    # The file lock of a target does not know ports, so two servers on this host must not share a name.
    name = f"faults{os.getpid()}_{next(_numbers)}"
    run_clickhouse(clickhouse.url, f"CREATE DATABASE {name}")
    return Lab(case, zygote, folder, _database(postgres, "source"), clickhouse.url_for(name), **options)


def _database(postgres: EmbeddedPostgres, side: str) -> str:
    name = f"faults_{side}{next(_numbers)}"
    _run_postgres(postgres.url, f"CREATE DATABASE {name}")
    return postgres.url_for(name)
