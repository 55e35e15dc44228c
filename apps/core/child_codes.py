"""How a child says with its exit code why it stopped."""

OUT_OF_MEMORY = 81
REFUSED = 82
