"""How every part of the installation is, and what to do about it: the facts of the health page."""
