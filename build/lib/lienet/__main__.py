"""Run the command line as ``python -m lienet``."""

from lienet.cli import main

if __name__ == "__main__":
    main()
