"""What is answered by itself, and what must not be."""
