"""`python -m confide` is the `confide` command."""

from confide.cli import main

if __name__ == "__main__":
    main()
