"""Runs the command line: python -m garrison.cli."""

from garrison.cli.entry import main

if __name__ == "__main__":
    main()
