"""Every file of the bundles of tests/cases/loads is a golden file: `make golden` writes them anew, and the diff is read."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.compiled_bundles import CASES, bundle
from tests.golden_files import GOLDEN, GoldenBundles

# Syrupy would like a test's name in each file's name; ours are named as in the bundle.
pytestmark = pytest.mark.filterwarnings("ignore:\\s*Can not relate:UserWarning")


@pytest.mark.parametrize("name", CASES)
def test_every_artifact_is_as_it_was(name: str, snapshot: SnapshotAssertion) -> None:
    golden = snapshot.use_extension(GoldenBundles)
    made = bundle(name)
    wrong = [path for path, text in sorted(made.files.items()) if text != golden(name=f"{made.name}/{path}")]
    assert not wrong, f"differ from tests/golden/bundles/{made.name}: {wrong}; `make golden` and read the diff"


@pytest.mark.parametrize("name", CASES)
def test_no_golden_file_is_left_over(name: str, request: pytest.FixtureRequest) -> None:
    made = bundle(name)
    folder = GOLDEN / "bundles" / made.name
    for path in folder.rglob("*") if request.config.option.update_snapshots else ():
        if path.is_file() and path.relative_to(folder).as_posix() not in made.files:
            path.unlink()
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there <= set(made.files)


def test_no_golden_bundle_is_left_over() -> None:
    assert {path.name for path in (GOLDEN / "bundles").iterdir()} == {bundle(name).name for name in CASES}
