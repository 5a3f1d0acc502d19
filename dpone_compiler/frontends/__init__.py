"""Front ends: manifest text in three forms (YAML, the load language, Python) to one IR, with spans and diagnostics."""
