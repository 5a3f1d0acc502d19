"""The facade under the names of dpone."""
