"""Lets `python -m harvester` be the command, wherever the script of that name is."""

import sys

from harvester.cli import main

if __name__ == "__main__":
    sys.exit(main())
