"""Moving rows from one session to another."""

from dpone_compiler.runtime.transfer.pump import PumpResult, pump

__all__ = ["PumpResult", "pump"]
