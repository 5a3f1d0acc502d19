"""Pages of connections and of `dponec introspect`: DP601 to DP619."""

from __future__ import annotations

from dpone_compiler.problems.page import Page, run_page

PAGES: tuple[Page, ...] = (
    run_page(
        "DP601",
        "A connection has no URL",
        "Manifests name connections by id, never by address. Neither the environment nor connections.yaml has a URL for this id.",
        "`export DPONE_CONN_<ID>=…` (the id in upper case, every other sign as `_`), or add the id to connections.yaml.",
    ),
    run_page(
        "DP602",
        "Two connections read one variable",
        "The ids differ only in signs that a variable's name cannot hold, such as `pg-dwh` and `pg.dwh`. One of them would get "
        "the other's server.",
        "rename one of them.",
    ),
    run_page(
        "DP603",
        "A URL is not well formed",
        "The text of the connection is not `scheme://user:password@host:port/database`. It is not shown, since it may hold a "
        "password. Or its keys cannot be meant: a port or a flag that is none, `verify` or `ca_certs` of clickhouse:// without `secure=1`.",
        "write it anew; a sign such as `@` or `/` in a password is written %40 or %2F.",
    ),
    run_page(
        "DP604",
        "connections.yaml cannot be read",
        "The file is not YAML, or an entry is neither a URL nor `url: …`. Its lines are not shown, since they may hold a password.",
        "write `id: ${VARIABLE}` or `id: {url: …}`, one entry a connection.",
    ),
    run_page(
        "DP605",
        "A referenced variable is not set",
        "connections.yaml refers to a variable of the environment that is not there. An empty password instead would be tried "
        "against the server.",
        "export the variable, or correct its name in the file.",
    ),
    run_page(
        "DP606",
        "A driver or a client is not installed",
        "Drivers are optional, and the one for this connection is missing. It is imported only when such a connection is opened. run.sh "
        "says the same of psql, sqlcmd, bcp, clickhouse-client and curl, before it calls any of them. Nothing was changed.",
        "the command that is shown, such as `pip install 'dpone-compiler[postgres]'`; or `dponec run`, which needs none of the clients.",
    ),
    run_page(
        "DP607",
        "An unknown scheme",
        "The word before `://` is none that dponec can open.",
        "use postgresql, clickhouse (native), clickhouse+http or chdb. A manifest's engine and its URL must fit.",
    ),
    run_page(
        "DP608",
        "A pooler gives each transaction another server process",
        "The connection goes through PgBouncer or its like in transaction or statement mode. What a session sets (time zone, isolation, "
        "row security, limits) would hold in some transactions and not in others, so the run stops. Exit code 1.",
        "name the server itself in the URL, or a pool in session mode. There the lease ends by its time alone, as nothing proves that its "
        "holder is gone.",
    ),
    run_page(
        "DP610",
        "The server cannot be reached for introspection",
        "The connection could not be opened or was lost. No snapshot was changed. Exit code 4.",
        "check host, port and network, then the same command again.",
    ),
    run_page(
        "DP611",
        "A table is not there",
        "The server has no such table, or hides it from this role. No snapshot of that connection was changed. Exit code 1.",
        "correct schema and name in the manifest, create the target, or have the role granted SELECT.",
    ),
    run_page(
        "DP612",
        "Permission is missing for introspection",
        "The role may not read the engine's catalog or the table. No snapshot of that connection was changed. Exit code 1.",
        "have the grants under `setup/` of a compiled bundle run; introspection needs no more than they give.",
    ),
    run_page(
        "DP613",
        "The server refused an introspection query",
        "The engine gave an error that another try would not cure. No snapshot of that connection was changed. Exit code 1.",
        "report it with the server's version: dponec supports PostgreSQL 14 and ClickHouse 18.16 upwards.",
    ),
    run_page(
        "DP614",
        "This engine cannot be introspected",
        "There is no introspection for this engine in this version, or the connection's URL leads to another engine than the "
        "manifest says. Other connections are still written. Exit code 1.",
        "list the columns with their types in the manifest (source.options.columns), or correct the connection's URL.",
    ),
)
