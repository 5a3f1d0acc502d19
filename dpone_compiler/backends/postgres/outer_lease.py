"""The lease of a target that keeps none itself, in a Postgres beside it (docs/adr/0025). One row a target."""

from __future__ import annotations

from dpone_compiler.backends.postgres import lease
from dpone_compiler.backends.postgres.lease import AFFECTED, Lease
from dpone_compiler.backends.postgres.names import DEFAULT_SCHEMA
from dpone_compiler.backends.postgres.script import do_block, literal, word
from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.lease_actions import RenewLease, TakeLease
from dpone_compiler.plan.step import Step
from dpone_compiler.spi.backend import Context, Lowered, SetupFile, Unsupported
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.render import Sql, frame

_LEASES = TableRef(DEFAULT_SCHEMA, "dponec_leases")
_TABLE = """\
CREATE TABLE IF NOT EXISTS <<leases>> (
  target text PRIMARY KEY,
  fence bigint NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamp with time zone,
  lease_backend integer,
  lease_backend_start timestamp with time zone,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);
COMMENT ON TABLE <<leases>> IS 'dponec: who may load a target that keeps no lease itself; one row a target';
"""


def lower_lease(ctx: Context, step: Step) -> Lowered | Unsupported:
    """How Postgres keeps a lease for the target of this load."""
    kept = _lease(ctx.load)
    match step.action:
        case TakeLease():
            return Lowered(
                op="query",
                bodies=lease.bodies(kept),
                params=("lease_holder", "lease_backend"),
                captures=("lease_fence",),
                locks=("ROW EXCLUSIVE on the table of leases and the target's row of it until the statement ends",),
            )
        case RenewLease():
            return Lowered(
                op="sql",
                bodies={"main": do_block(lease.renewed(kept), AFFECTED).text + "\n"},
                params=("lease_holder", "lease_fence"),
            )
        case _:
            return Unsupported("this is no step of a lease")


def lease_setup(_ctx: Context) -> tuple[SetupFile, ...]:
    """The table of leases."""
    body = frame(_TABLE, leases=word(table(_LEASES))).text
    return (SetupFile(name="lock_leases.sql", side="lock", body=body, purpose="leases of targets without their own"),)


def _lease(load: Load) -> Lease:
    """It is of the target as this connection names it, so loads of other names into the table are kept apart as well.

    Its owner is the process and not the run: two processes may both want to finish one run.
    """
    endpoint = load.write.endpoint
    return Lease(
        table=word(table(_LEASES)),
        of=Sql("target"),
        key=literal(f"{endpoint.engine} {endpoint.connection} {endpoint.table}"),
        owner="lease_holder",
        token="lease_fence",
        seconds=load.write.limits.lease_seconds,
        shared=False,
    )
