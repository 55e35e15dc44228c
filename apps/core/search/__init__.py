"""Full-text search of anything that has a number: one file per database, one index per name."""
