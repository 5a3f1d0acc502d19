"""What is in a bundle: golden files, re-parsing in each dialect, shell checks, determinism."""
