"""A lease: one row with an owner, an end and a fencing token. A load into Postgres has it in its state row; a target that keeps
no lease has it in a table of its own, in the database of `lock_connection` (docs/adr/0025).
"""

from __future__ import annotations

from dpone_compiler.backends.postgres.script import literal
from dpone_compiler.source.value import value
from dpone_compiler.sql.render import Sql, frame

# What a block declares around `exactly_one` and `renewed`; it touches the table of the lease alone.
AFFECTED = Sql("  affected bigint;")


@value(kw_only=True)
class Lease:
    """Where a lease is. `of`: the column that says what it is of, `key`: what that is. `owner`, `token`: the run's parameters.

    `shared`: two processes may name one owner, so that what was seen of the lease before decides whether it is taken again.
    """

    table: Sql
    of: Sql
    key: Sql
    owner: str
    token: str
    seconds: int
    shared: bool


# A holder whose backend is gone cannot come back; a hidden backend_start (another role's session) proves nothing.
_ACQUIRE = """\
INSERT INTO <<state>> AS s (<<of>>, fence, lease_owner, lease_until, lease_backend, lease_backend_start, updated_at)
SELECT <<key>>, 1, <<owner>>, clock_timestamp() + <<lease>>::interval, h.pid,
       (SELECT a.backend_start FROM pg_stat_activity AS a WHERE a.pid = h.pid), clock_timestamp()
  FROM (SELECT nullif(current_setting('dponec.lease_backend', true), '')::integer) AS h (pid)
ON CONFLICT (<<of>>) DO UPDATE
   SET fence = s.fence + 1, lease_owner = excluded.lease_owner, lease_until = excluded.lease_until,
       lease_backend = excluded.lease_backend, lease_backend_start = excluded.lease_backend_start,
       updated_at = excluded.updated_at
 WHERE s.lease_owner IS NULL
    OR <<again>>
    OR s.lease_until <= clock_timestamp()
    OR (s.lease_backend IS NOT NULL AND NOT EXISTS (
          SELECT FROM pg_stat_activity AS a
           WHERE a.pid = s.lease_backend
             AND (a.backend_start IS NULL OR a.backend_start = s.lease_backend_start)))
RETURNING s.fence::text AS <<token>>;
"""

_OWN = "s.lease_owner = excluded.lease_owner"
# A lease of our own run id that had run out when the state was read, and has not now, is prolonged by somebody who lives.
_SHARED = """\
(s.lease_owner = excluded.lease_owner AND coalesce(nullif(current_setting('dponec.lease_seconds', true), '')::bigint, 1) > 0)"""

# The row is locked by our own transaction while it writes; a beat must not wait for it.
_HEARTBEAT = """\
UPDATE <<state>> AS s SET lease_until = clock_timestamp() + <<lease>>::interval
  FROM (SELECT <<of>> FROM <<state>>
<<mine>>
           FOR UPDATE SKIP LOCKED) AS free (<<of>>)
 WHERE s.<<of>> = free.<<of>>;
"""

_GIVE_BACK = """\
UPDATE <<state>>
   SET lease_owner = NULL, lease_until = NULL, lease_backend = NULL, lease_backend_start = NULL,
       updated_at = clock_timestamp()
<<mine>>;
"""

_MINE = """\
 WHERE <<of>> = <<key>> AND fence = <<fence>>::bigint
   AND lease_owner = <<owner>>"""

_LOST = """\
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = <<code>>, MESSAGE = <<message>>, HINT = <<hint>>;
  END IF;"""

_RENEW = """\
  UPDATE <<state>> SET lease_until = clock_timestamp() + <<lease>>::interval
<<mine>>;
<<lost>>"""


def mine(lease: Lease) -> Sql:
    """The row, as long as the lease is ours and the token is the newest."""
    return frame(_MINE, of=lease.of, key=lease.key, fence=_setting(lease.token), owner=_setting(lease.owner))


def bodies(lease: Lease) -> dict[str, str]:
    """Taking it (no row: another run holds it), prolonging it from the session that took it, and giving it back."""
    prolonged, own = _prolonged(lease), mine(lease)
    taken = frame(
        _ACQUIRE,
        state=lease.table,
        of=lease.of,
        key=lease.key,
        owner=_setting(lease.owner),
        token=Sql(lease.token),
        lease=prolonged,
        again=Sql(_SHARED if lease.shared else _OWN),
    )
    return {
        "main": taken.text,
        "heartbeat": frame(_HEARTBEAT, state=lease.table, of=lease.of, lease=prolonged, mine=own).text,
        "giveback": frame(_GIVE_BACK, state=lease.table, mine=own).text,
    }


def renewed(lease: Lease) -> Sql:
    """Inside a DO block with `affected bigint`: prolong it, or DP410."""
    return frame(_RENEW, state=lease.table, lease=_prolonged(lease), mine=mine(lease), lost=lost_lease())


def _setting(name: str) -> Sql:
    return frame("current_setting(<<name>>)", name=literal(f"dponec.{name}"))


def _prolonged(lease: Lease) -> Sql:
    return literal(f"{lease.seconds} seconds")


def exactly_one(code: str, message: str, hint: str) -> Sql:
    """Refuse unless the last statement touched one row. Needs `affected bigint`."""
    return frame(_LOST, code=literal(code), message=literal(message), hint=literal(hint))


def lost_lease() -> Sql:
    """The refusal of a zombie."""
    return exactly_one(
        "DP410",
        "another run holds the lease of this load now, so this one may not write",
        "nothing of this transaction was kept; look at dponec status and run again",
    )
