"""Actions on a lease that is kept in another database, for a target that keeps none itself (`lock_connection`)."""

from __future__ import annotations

from dpone_compiler.source.value import value


@value(kw_only=True)
class TakeLease:
    """Take the target's lease and its fencing token, or refuse: before anything is read of the target's state.

    It is held by a session that prolongs it, where the executor can keep one, and given back however the run ends.
    """


@value(kw_only=True)
class RenewLease:
    """Prolong the lease; refuse when another run has taken it meanwhile."""


LeaseAction = TakeLease | RenewLease
