#!/usr/bin/env python3
"""Carteria's one command: `up`, `test`, `lint`, and every Django command."""

import sys

if sys.version_info < (3, 11):
    sys.exit("Carteria needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

from config.launch.main import run

if __name__ == "__main__":
    sys.exit(run(sys.argv))
