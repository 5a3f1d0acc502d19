"""Shell words."""
