"""Start the fork server: `python -I -m garrison.worker DESCRIPTOR`, the descriptor of the control socket."""

import gc
import sys

gc.disable()  # what is imported stays: looking through it for garbage would take milliseconds (see `settle`)

from garrison.worker.examiner import open_examiner  # noqa: E402
from garrison.worker.server import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), open_examiner))
