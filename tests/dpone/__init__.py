"""dponec beside dpone 0.88.0, the tool that its users come from: the same contexts, both decisions, every difference named."""
