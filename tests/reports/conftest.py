"""The fixture `world` of tests/engines/loads."""

from tests.engines.loads.conftest import world

__all__ = ["world"]
