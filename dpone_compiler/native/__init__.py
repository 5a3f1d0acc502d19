"""Native paths: the vendors' own bulk routes between two engines, registered by entry point."""
