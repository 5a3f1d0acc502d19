"""The reference model: each strategy as a pure function of rows, one file each. It knows no SQL, no engine and no plan.

`strategy(target before, source, state, asked)` gives Loaded (target after, state after) or Refused (a name, and nothing moved).
docs/strategies.md is written from these docstrings; their examples are run by the tests.
"""
