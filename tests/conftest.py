"""What every test may use: the tiers and the fixtures of the real engines."""

pytest_plugins = ["tests.scratch", "tests.tiers", "tests.engine_fixtures", "tests.cells"]
