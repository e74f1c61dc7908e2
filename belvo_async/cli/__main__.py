"""`python -m belvo_async.cli` is `belvo-async`."""

from belvo_async.cli import main

if __name__ == "__main__":
    main()
