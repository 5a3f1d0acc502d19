"""Every coded problem with its page: what `dponec explain` shows and docs/reference/problems.md lists."""
