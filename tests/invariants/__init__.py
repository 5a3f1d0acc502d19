"""The thirteen invariants of docs/architecture.md, as far as tests/architecture does not hold them already."""
