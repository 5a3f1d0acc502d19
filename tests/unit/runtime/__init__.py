"""Runtime, piece by piece."""
