"""The document that dponec grew out of, row by row."""
