"""Real engines that a laptop can start: Postgres from a wheel, ClickHouse through chDB, Debian's ClickHouse.

Every ``start_…`` gives an :class:`~dpone_compiler.embedded.engine.Engine`: ``url``, ``pid``, ``stop()``, ``kill()``,
``restart()``. Import the module of the engine that you want; this package imports none of them by itself.
"""
