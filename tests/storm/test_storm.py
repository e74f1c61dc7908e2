"""Thousands of requests to a bank that goes wrong in every way, judged by what the bank has taken.

The long form is `make storm`.
"""

import pytest

from tests.storm.report import render
from tests.storm.storm import run_storm

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_no_fault_of_the_wire_makes_the_client_break_a_promise(seed: int) -> None:
    report = await run_storm(seed, 5500)
    assert not report.faults, render(report)
