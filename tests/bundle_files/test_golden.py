"""Every file of the bundles of tests/cases/loads is a golden file, and so is examples/plans; `make golden` writes both anew."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from dpone_compiler.driver.output import difference, write_bundle
from tests.compiled_bundles import CASES, EXAMPLES, ROOT, bundle
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


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_bundle_beside_an_example_is_current(name: str, request: pytest.FixtureRequest) -> None:
    plans = ROOT / "examples" / "plans"
    if request.config.option.update_snapshots:
        write_bundle(bundle(name), plans)
    assert difference(bundle(name), plans, sourcemap=True) == (), "`make golden` and read the diff"


def test_no_bundle_without_an_example_is_left_over() -> None:
    assert {path.name for path in (ROOT / "examples" / "plans").iterdir()} == {bundle(name).name for name in EXAMPLES}
