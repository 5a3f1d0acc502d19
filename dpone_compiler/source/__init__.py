"""Source text: files, spans and locations. The lowest layer; it knows nothing of meaning."""
