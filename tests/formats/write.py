"""Writes the fixtures of formats that have none yet: `python -m tests.formats.write`.

A file that is there is never written again; `README.md` tells what to do when a format changes.
"""

from tests.formats import (
    challenges,
    in_postgres,
    in_redis,
    in_temporal,
    journals,
    parked,
    pickles,
    shared_records,
)


def main() -> None:
    """Write what is missing."""
    for write in (
        parked.write,
        challenges.write,
        in_postgres.write,
        in_redis.write,
        in_temporal.write,
        journals.write,
        pickles.write,
        shared_records.write,
    ):
        write()


if __name__ == "__main__":
    main()
