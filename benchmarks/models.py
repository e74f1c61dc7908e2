"""Transactions from bytes to models: time and memory, beside plain dicts, pydantic and msgspec.

Run it from the repository's root: `python -m benchmarks.models`. All read the same bytes into the same
fields, and all but the dicts of `json` check the types. "exact" says that an amount is the decimal that was
sent, digit for digit; msgspec's are too. Only ours keeps what does not fit, and has one object for each
account, which comes with each of its transactions. "keys searched" is what a pool does, lest a response that
echoes its keys shows them.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks._models import Reader, make_readers
from benchmarks._table import draw_table, judge

OURS: Final = "belvo_async"
DICTS: Final = "dicts"
RIVAL: Final = "pydantic, exact"
ROWS: Final = 1_000
PAGES: Final = 100
_ACCOUNTS: Final = 5
_ROUNDS: Final = 15
_MIB: Final = 1024 * 1024
_MOST_MEMORY: Final = 1 / 3
_LONGEST_FIRST: Final = 50.0
_EXAMPLES: Final = Path(__file__).parents[1] / "tests" / "pure" / "data_examples.json"


def build_page(number: int) -> bytes:
    """Build transactions after Belvo's example, of a few accounts; ids and amounts differ."""
    (example,) = json.loads(_EXAMPLES.read_text("utf-8"))["transactions.Transaction"]
    accounts = [
        {**example["account"], "id": f"{one:08d}-f83b-456e-ad8e-208d0998d71d"} for one in range(_ACCOUNTS)
    ]
    rows = [
        {
            **example,
            "id": f"{number:08d}-0000-0000-0000-{row:012d}",
            "account": accounts[row % _ACCOUNTS],
            "amount": (number * ROWS + row) / 100,
            "description": f"Purchase {row} of page {number}",
        }
        for row in range(ROWS)
    ]
    return json.dumps(rows, ensure_ascii=False).encode()


def time_reading(readers: dict[str, Reader]) -> dict[str, float]:
    """Return the median of what one page takes, in ms; the ways take turns, under the same load."""
    body = build_page(0)
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(_ROUNDS):
        for name, read in readers.items():
            gc.collect()
            began = time.perf_counter()
            rows = read(body)
            times[name].append((time.perf_counter() - began) * 1000)
            del rows
    return {name: statistics.median(found) for name, found in times.items()}


def keep_all(name: str) -> dict[str, float]:
    """Read all pages in one way and keep them; return the MiB that they take, and the ms of the first row."""
    body = build_page(0)
    first = b"[" + json.dumps(json.loads(body)[0]).encode() + b"]"
    read_time = time.perf_counter()
    read = make_readers()[name]()
    read(first)
    first_use = (time.perf_counter() - read_time) * 1000
    gc.collect()
    before = _read_memory()
    kept = [read(build_page(number)) for number in range(PAGES)]
    gc.collect()
    after = _read_memory()
    del kept
    return {"memory": (after - before) / _MIB, "first": first_use}


def _read_memory() -> int:
    """Return the bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure_memory(name: str) -> dict[str, float]:
    """Do it in a process of its own."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "benchmarks.models", name], check=True, capture_output=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure, and print."""
    makers = make_readers()
    memory = {name: measure_memory(name) for name in makers}
    times = time_reading({name: make() for name, make in makers.items()})
    versions = ", ".join(f"{name} {version(name)}" for name in ("cattrs", "pydantic", "msgspec"))
    print(f"Python {sys.version.split()[0]}, {versions}; a page is {len(build_page(0)) / _MIB:.1f} MiB\n")
    heads = ("transactions", f"{ROWS:,} read, ms", f"{ROWS * PAGES:,} kept, MiB", "first row, ms")
    rows = [
        (name, f"{times[name]:.1f}", f"{memory[name]['memory']:.0f}", f"{memory[name]['first']:.1f}")
        for name in makers
    ]
    print(draw_table(heads, rows) + "\n")
    ratio = times[OURS] / times[RIVAL]
    print(judge(f"time beside {RIVAL}", ratio, "below 1", reached=ratio < 1))
    share = memory[OURS]["memory"] / memory[DICTS]["memory"]
    print(judge("memory beside dicts", share, "at most a third", reached=share <= _MOST_MEMORY))
    first = memory[OURS]["first"]
    print(judge("ms of the first row", first, f"below {_LONGEST_FIRST:.0f}", reached=first < _LONGEST_FIRST))


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(keep_all(sys.argv[1])))
    else:
        main()
