"""``python -m szilard`` is the program ``szilard``."""

from szilard.cli import main

if __name__ == "__main__":
    main()
