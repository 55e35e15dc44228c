"""What `parse.py` is made of: one mail from bytes to plain data, without Django."""
