"""The roof: settings, addresses, Celery. Knows all floors, known by none."""
