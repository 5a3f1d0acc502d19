"""Changes the targets behind everyone's back, to show that the comparison sees it: `dponec demo --tamper …`."""

from __future__ import annotations

from dpone_compiler.demo.world import World

_PINNED = " SETTINGS mutations_sync = 2"
# The table's own key would refuse a second row in Postgres, as it would refuse it to any loader.
_WITHOUT_KEY = "ALTER TABLE dwh.orders DROP CONSTRAINT orders_pkey"
_DOUBLE = "INSERT INTO dwh.orders SELECT * FROM dwh.orders WHERE order_id = (SELECT min(order_id) FROM dwh.orders)"
_FIRST = "SELECT min(order_id) FROM dwh.orders WHERE order_id % 2 = "
_REMOVE = f"order_id IN (({_FIRST}0), ({_FIRST}1))"
_BYTE = "customer = 'Ada Lovelacf'"
_WHERE = "order_id = (SELECT min(order_id) FROM dwh.orders WHERE customer = 'Ada Lovelace')"

CHANGES: dict[str, dict[str, tuple[str, ...]]] = {
    "byte": {
        "demo_pg": ("UPDATE dwh.orders SET " + _BYTE + " WHERE " + _WHERE,),
        "demo_ch": ("ALTER TABLE dwh.orders UPDATE " + _BYTE + " WHERE " + _WHERE + _PINNED,),
    },
    "double": {"demo_pg": (_WITHOUT_KEY, _DOUBLE), "demo_ch": (_DOUBLE,)},
    "remove": {
        "demo_pg": ("DELETE FROM dwh.orders WHERE " + _REMOVE,),
        "demo_ch": ("ALTER TABLE dwh.orders DELETE WHERE " + _REMOVE + _PINNED,),
    },
}
SAID = {"byte": "one byte is changed", "double": "one row is doubled", "remove": "two rows are removed"}


def tamper(world: World, how: str) -> None:
    """Change both targets."""
    for connection, statements in CHANGES[how].items():
        for statement in statements:
            world.ask(connection, statement)
