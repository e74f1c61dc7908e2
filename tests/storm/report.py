"""The report of one storm as text."""

from collections.abc import Iterable, Mapping

from tests.storm.judge import Fault
from tests.storm.rest import find_gain
from tests.storm.storm import Report


def render(report: Report) -> str:
    """Return what was injected, how calls ended, and what the judge found."""
    speed = report.requests / report.real_seconds
    lines = [
        f"seed {report.seed}: {report.requests} requests in {report.real_seconds:.1f} s, {speed:.0f} per s",
        f"  {report.seconds:.0f} s by the storm's clock; memory: {find_gain(report.memory):+.1f} MiB",
        *_tabulate("injected", report.injected),
        *_tabulate("calls", report.endings),
        *_tabulate("judgement", {fault.value: report.faults[fault] for fault in Fault}),
        *_quote(report),
    ]
    return "\n".join(lines) + "\n\n"


def _tabulate(title: str, numbers: Mapping[str, int]) -> Iterable[str]:
    yield f"  {title}"
    names = numbers if title == "judgement" else sorted(numbers)
    for name in names:
        yield f"    {name:<52}{numbers[name]:>8}"


def _quote(report: Report) -> Iterable[str]:
    for fault, cases in report.evidence.items():
        yield f"  {fault.value}, for instance"
        yield from (f"    {case}" for case in cases)
