"""Tests of diagnostics and their renderings."""
