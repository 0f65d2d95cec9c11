"""Start the fork server: `python -I -m garrison.worker DESCRIPTOR`, the descriptor of the control socket."""

import sys

from garrison.worker.examiner import open_examiner
from garrison.worker.server import main

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), open_examiner))
