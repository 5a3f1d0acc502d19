"""Load strategies: one file each, registered by entry point. A strategy judges whether it fits, and says its steps."""
