"""Certification: the matrix and its evidence."""
