"""``python -m conjac``: the command line."""

from conjac.cli import main

if __name__ == "__main__":
    main()
