"""The pages that a reader sees, and the fenced blocks in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
CHANGELOG: Final = ROOT / "CHANGELOG.md"
CONTRIBUTING: Final = ROOT / "CONTRIBUTING.md"
DOCS: Final = ROOT / "docs"

_FENCE: Final = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@frozen(kw_only=True)
class Block:
    """One fenced block."""

    info: str
    """What stands behind the fence, such as `python`."""
    text: str
    line: int
    """Where its text begins; 1 is the first line of the page."""


def list_pages() -> list[Path]:
    """Return every page that has examples or links."""
    built = DOCS / "_build"
    pages = (page for page in sorted(DOCS.rglob("*.md")) if built not in page.parents)
    return [README, CHANGELOG, *pages]


def name_page(page: Path) -> str:
    """Return a page's path as a reader knows it."""
    return page.relative_to(ROOT).as_posix()


def read_blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    text = page.read_text("utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("text")) + 1
        yield Block(info=match["info"].strip(), text=match["text"], line=line)
