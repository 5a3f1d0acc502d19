"""The Python front end: a fluent builder, and the reader that runs a manifest script and collects its loads."""
