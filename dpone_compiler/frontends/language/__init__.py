"""The language of loads and policies: text in, loads, rules, gates and located problems out."""
