"""Certification: which combinations of source, sink, strategy and policy are supported, and which tests say so."""
