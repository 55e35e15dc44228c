"""One file per difference between PostgreSQL and SQLite."""
