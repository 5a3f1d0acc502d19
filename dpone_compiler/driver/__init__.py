"""The driver: the only place where files, plug-ins and the pure core meet."""
