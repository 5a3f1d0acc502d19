"""Passes: each a pure function that makes one kind of decision about a load, with its reasons."""
