"""Do the job on standard input: `python -I -m garrison.mirror`."""

import sys

from garrison.mirror.serving import main

if __name__ == "__main__":
    sys.exit(main())
