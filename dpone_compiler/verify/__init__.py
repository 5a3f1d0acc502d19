"""What a load must do, apart from how it does it: the reference model, and the check of a user's own bundle against it."""
