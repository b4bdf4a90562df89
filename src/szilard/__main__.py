"""``python -m szilard`` is the program ``szilard``."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # By -m Python looks for every module where the program is run first; what lies there is nobody's to import unasked.
    if not sys.flags.safe_path and sys.path and Path(sys.path[0] or ".").absolute() == Path.cwd():
        del sys.path[0]

from szilard.cli import main

if __name__ == "__main__":
    main()
