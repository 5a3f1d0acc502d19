"""Emitted SQL that is broken on purpose: for each break, the test on a real engine that sees it. `make mutants` runs them."""
