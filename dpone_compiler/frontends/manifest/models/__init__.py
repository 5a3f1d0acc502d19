"""The shape of a manifest as pydantic models: every key that is known, and the kind of its value."""
