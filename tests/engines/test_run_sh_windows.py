"""client_os: windows, in WSL: what the script says to sqlcmd.exe and bcp.exe. No Windows runs here: stand-ins record it.

The stand-ins are those of bcp_lab.py behind a shell of what WSL does: files have names of Windows, and no environment comes along.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from dpone_compiler.driver.compile import Options, compile_paths
from dpone_compiler.driver.output import write_bundle
from tests.compiled_bundles import ROOT
from tests.engines.bcp_lab import BCP, BcpLab
from tests.engines.sqlcmd_standin import sqlcmd
from tests.engines.test_run_sh_bcp_routes import AT, DAY, TEXTS

CASES = ROOT / "tests" / "cases" / "loads"
SHARE = r"\\wsl.localhost\test"
WSLPATH = rf"""
import os, sys
(option, path) = sys.argv[1:]
assert option == "-w" and os.path.exists(path), sys.argv  # older ones know no file that is not there
print({SHARE!r} + path.replace("/", "\\"))
"""
# What a program of Windows gets, and where its answers differ: CRLF, and a mark before UTF-8.
OF_WINDOWS = rf"""
import builtins, os, sys
for name in ("LC_ALL", "SQLCMDSERVER", "SQLCMDDBNAME", "SQLCMDUSER", "SQLCMDPASSWORD"):
    os.environ.pop(name, None)
assert not any(word.startswith("/") for word in sys.argv[1:]), sys.argv
given = sys.argv[1:]
sys.argv[1:] = [word.removeprefix({SHARE!r}).replace("\\", "/") if word.startswith({SHARE!r}) else word for word in given]
said = builtins.print
def print(text="", **more):
    said(str(text).replace("\n", "\r\n"), end="\r\n", **more)
said("\ufeff" if "sqlcmd" in sys.argv[0] else "", end="")
"""


class WslLab(BcpLab):
    """The stand-ins under the names of Windows' programs, and nothing under those of Linux."""

    def __init__(self, folder: Path, script: Path, **connections: str) -> None:
        super().__init__(folder, script, **connections)
        for name, code in (("sqlcmd", sqlcmd()), ("bcp", BCP)):
            (folder / "bin" / name).unlink()
            keep = '\nlog.with_suffix(".given").open("a").write(json.dumps(given) + "\\n")\n'
            head, rest = code.split('log = pathlib.Path(os.environ["STANDIN_LOG"])\n', 1)
            self.put(f"{name}.exe", f'{OF_WINDOWS}{head}log = pathlib.Path(os.environ["STANDIN_LOG"]){keep}{rest}')
        self.put("wslpath", WSLPATH)

    def given(self, program: str) -> list[list[str]]:
        """The words of each call as they were given: `in` and `queryout` are bcp's."""
        lines = self.log.with_suffix(".given").read_text(encoding="utf-8").splitlines()
        words = [json.loads(line) for line in lines]
        return [each for each in words if ("-x" in each) is (program == "sqlcmd")]


@pytest.fixture
def lab(tmp_path: Path) -> WslLab:
    """incremental_merge from SQL Server into SQL Server."""
    load = yaml.safe_load((CASES / "merge_ms_ms.yaml").read_text(encoding="utf-8"))
    load["sink"]["options"] = {**load["sink"].get("options", {}), "client_os": "windows"}
    file = tmp_path / "load.yaml"
    file.write_text(yaml.safe_dump(load), encoding="utf-8")
    (made,) = compile_paths([file], Options(catalog=CASES / "catalog")).bundles
    write_bundle(made, tmp_path)
    lab = WslLab(tmp_path, tmp_path / load["name"] / "run.sh", DPONE_CONN_CASE_MS="mssql://mart.internal:1444/dwh")
    rows = [[str(n), DAY, AT, None, text] for n, text in enumerate(TEXTS)]
    lines = [json.dumps(row, ensure_ascii=False).replace("\\", "\\\\") for row in rows]
    lab.lay(lines, ["1", "2"], keys=['["7", "2026-01-05"]'])
    return lab


@pytest.mark.parametrize("lie", ["", "windows"])
def test_every_row_goes_from_bcp_to_bcp(lie: str, lab: WslLab) -> None:
    done = lab.run(STANDIN_LIE=lie)
    assert done.returncode == 0, done.stderr
    sent = [call["rows"] for call in lab.calls() if "rows" in call]
    assert sent[-1] == [[str(n), DAY, AT, None, text] for n, text in enumerate(TEXTS)]


def test_the_flags_of_windows(lab: WslLab) -> None:
    assert lab.run().returncode == 0
    (out, into), (asked, *_) = (lab.given("bcp")[0], lab.given("bcp")[-1]), lab.given("sqlcmd")
    assert (out[1], into[1]) == ("queryout", "in")
    for words in (out, into):
        assert {"-T", "-q", "-w", "-a", "-e"} <= set(words)
        assert words[2].startswith(SHARE) and words[words.index("-e") + 1].startswith(SHARE)
    assert (out[out.index("-S") + 1], into[into.index("-S") + 1]) == ("tcp:crm.internal,1433", "tcp:mart.internal,1444")
    assert {"-b", "-I", "-x", "-E"} <= set(asked)
    assert asked[asked.index("-f") + 1] == "65001"
    assert asked[asked.index("-i") + 1].startswith(SHARE)


@pytest.mark.parametrize("lie", ["cut", "middle", "error file", "count", "another code page"])
def test_a_wrong_bcp_never_reaches_the_finalizer(lie: str, lab: WslLab) -> None:
    done = lab.run(STANDIN_LIE=lie)
    assert (done.returncode, "DP431" in done.stderr, "  next: " in done.stderr) == (5, True, True), done.stderr
    assert not any(["fence-finalize", ""] in call.get("steps", []) for call in lab.calls())  # type: ignore[operator]


def test_a_work_file_over_its_limit_stops_the_run(lab: WslLab) -> None:
    lab.lay(['["1","2026-01-05","2026-01-05 00:00:00.000000",null,"' + "x" * 1_500_000 + '"]'], ["1", "2"])
    done = lab.run(DPONEC_WORK_MB="2")
    assert (done.returncode, "DP425" in done.stderr) == (5, True), done.stderr


@pytest.mark.parametrize(("setting", "code"), [({"DPONEC_BCP_STREAM": "1"}, "DP433"), ({}, "DP606")])
def test_what_windows_cannot_is_refused_before_anything_is_called(
    setting: dict[str, str], code: str, lab: WslLab
) -> None:
    if not setting:
        (lab.folder / "bin" / "bcp.exe").unlink()
    done = lab.run(**setting)
    assert (done.returncode, code in done.stderr, lab.calls()) == (1, True, []), done.stderr


def test_the_script_is_clean(lab: WslLab) -> None:
    subprocess.run(("bash", "-n", lab.script), check=True)
    done = subprocess.run(("shellcheck", lab.script), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
