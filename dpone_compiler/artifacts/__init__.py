"""Artifacts: the bundle as values, and the plain typed document that plan.json is."""
