"""Do the job on standard input: `python -I -m garrison.fetch`."""

import sys

from garrison.fetch.serving import main

if __name__ == "__main__":
    sys.exit(main())
