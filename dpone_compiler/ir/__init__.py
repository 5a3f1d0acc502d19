"""The intermediate representation: what a load means, free of syntax and of any engine's text."""
