"""Shell text as typed words: nothing becomes shell but through quote.py."""
