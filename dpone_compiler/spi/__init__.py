"""What plug-ins implement: backends, strategies, native paths. Built-in ones enter by the same doors."""
