"""Whose sqlcmd and bcp run.sh calls, as each front end says it."""

from __future__ import annotations

from dpone_compiler.frontends.dsl.read import read_dsl
from dpone_compiler.frontends.language.read import read_language
from dpone_compiler.frontends.manifest import read_manifest
from dpone_compiler.source.text import SourceFile
from tests.unit.frontends.manifests import codes, flat, load_of


def test_the_system_of_the_clients_is_said_on_either_side() -> None:
    assert load_of(flat()).client_os == "linux"
    assert load_of(flat(writing="options: {client_os: windows}")).client_os == "windows"
    assert (
        load_of(flat(reading="options: {client_os: windows}", writing="options: {client_os: windows}")).client_os
        == "windows"
    )
    assert codes(flat(reading="options: {client_os: linux}", writing="options: {client_os: windows}")) == ["DP017"]
    assert codes(flat(reading="options: {client_os: solaris}")) == ["DP024"]
    assert codes(flat(sink="postgres", writing="options: {client_os: windows}")) == ["DP050"]


YAML = """\
name: orders
source: {type: mssql, connection_id: crm, table: sales.orders}
sink: {type: mssql, connection_id: dwh, table: dbo.orders, strategy: {mode: full_refresh}, options: {client_os: windows}}
"""
TEXT = "load orders { from mssql.crm sales.orders into mssql.dwh dbo.orders client windows strategy full_refresh }"
SCRIPT = """\
from dpone_compiler.dsl import load, mssql
(load("orders").read(mssql("crm", "sales.orders")).into(mssql("dwh", "dbo.orders")).client_os("windows").full_refresh())
"""


def test_it_is_the_same_in_three_front_ends() -> None:
    yaml, _ = read_manifest(SourceFile("orders.yaml", YAML))
    language, problems = read_language(SourceFile("orders.dpone", TEXT))
    python, told = read_dsl(SourceFile("orders.py", SCRIPT))
    assert not (problems or told)
    assert yaml == language.loads == python
    assert yaml[0].client_os == "windows"


def test_another_word_is_refused_in_each() -> None:
    for problems in (
        read_language(SourceFile("orders.dpone", TEXT.replace("windows", "windws")))[1],
        read_dsl(SourceFile("orders.py", SCRIPT.replace("windows", "windws")))[1],
    ):
        (told,) = problems
        assert "windows" in told.problem.message() + told.problem.help()
