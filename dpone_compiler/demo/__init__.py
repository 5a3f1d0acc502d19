"""The demonstration: an awkward table, its changes, and a comparator that shares no code with the rest."""
