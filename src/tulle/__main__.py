"""`python -m tulle` is the `tulle` command."""

from tulle.cli.main import main

if __name__ == "__main__":
    main()
