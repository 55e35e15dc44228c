"""Which conversation a mail belongs to, by evidence, and in words why (SPEC 2.2)."""
