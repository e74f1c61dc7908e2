"""Tables of text."""

from collections.abc import Iterable, Sequence


def draw_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """Return rows under their heads: the first *texts* columns to the left, numbers to the right."""
    lines = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" if number < texts else f"{cell:>{width}}"
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def judge(what: str, value: float, goal: str, *, reached: bool) -> str:
    """Return one line that says whether a goal is reached."""
    return f"{what}: {value:.3f}; goal {goal} {'reached' if reached else 'MISSED'}"
