"""Runs `garrison publisher`."""

import sys

from garrison.office.publisher.program import main

if __name__ == "__main__":
    sys.exit(main())
