"""Catalog snapshots: the YAML files that `dponec introspect` writes and people commit, read into facts."""
