"""`python -m opspilot` is the command line."""

from opspilot.entrypoints.cli import main

if __name__ == "__main__":
    main()
