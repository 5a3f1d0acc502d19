"""What every test may use: the tiers and the fixtures of the real engines."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.scratch", "tests.tiers", "tests.engine_fixtures", "tests.cells", "tests.told"]

# How long an example takes says something of what else the machine does, and nothing of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
