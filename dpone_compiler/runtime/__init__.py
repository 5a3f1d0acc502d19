"""Running a bundle: connections, transfer, journal, state, replay; reads bundles only."""
