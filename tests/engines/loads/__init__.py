"""Whole loads on real engines: a manifest is compiled and run, and the target is compared with a model of the strategy."""
