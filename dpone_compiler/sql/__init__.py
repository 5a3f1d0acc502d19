"""Shared SQL building: trees become text in render.py alone; frames put rendered pieces into statements sqlglot has no node for."""
