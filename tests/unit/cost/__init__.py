"""The cost model, without any engine."""
