"""From a decided load to a proved plan, and from its steps to each engine's text."""
