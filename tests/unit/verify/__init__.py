"""The reference model and the check of bundles against it."""
