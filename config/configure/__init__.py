"""Settings from a file: read with line numbers, checked whole, applied in one transaction."""
