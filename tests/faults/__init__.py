"""Faults: kills, cuts, stops, full disks and rivals, at every step of the demo routes."""
