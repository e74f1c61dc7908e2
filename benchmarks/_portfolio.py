"""Made-up links: as many as a benchmark wants, each made when it is asked for."""

from collections.abc import Iterator
from itertools import count
from typing import Final

from belvo_async import LinkUpdate
from benchmarks._clients import PASSWORD

INSTITUTIONS: Final = tuple(f"bank_{letter}_mx_retail" for letter in "abcdefghijklmnopqrst")
_SCATTER: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835
"""Odd, so that no two numbers meet, and large, so that neighbours end up far apart, as random ids do."""
_ALL: Final = (1 << 128) - 1


def build_id(number: int) -> str:
    """Return the id of a link: each number another one, in no order."""
    text = f"{number * _SCATTER & _ALL:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def generate_updates(links: int | None = None, *, by_institution: bool = False) -> Iterator[LinkUpdate]:
    """Yield the update of each link, without end where no number of links is given.

    The institutions, each with as many links, take turns; or come one after the other, *by_institution*.
    """
    for number in count() if links is None else range(links):
        place = number * len(INSTITUTIONS) // links if links and by_institution else number
        institution = INSTITUTIONS[place % len(INSTITUTIONS)]
        yield LinkUpdate(build_id(number), password=PASSWORD, institution=institution)
