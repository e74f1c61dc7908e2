"""Files of links for the tests, and what is found in them."""

import io

import pytest

from belvo_async import LinkUpdate
from belvo_async.cli._rows import RowCount, RowFormat, RowSource, check_rows, read_wanted
from belvo_async.errors import UsageError

FIRST = "11111111-2222-4333-8444-555555555555"
SECOND = "99999999-2222-4333-8444-555555555555"
SECRET = "hunter2-s3cret"


class UnheldSource(RowSource):
    """A stream in the place of a file: it is not held in memory."""

    def hold(self) -> None:
        pass


def link_id(number: int) -> str:
    return f"{number * 7919 % 2**32:08x}-0000-4000-8000-{number:012x}"


def source_of(content: bytes | str, row_format: RowFormat | None = None) -> RowSource:
    data = content.encode("utf-8", errors="surrogateescape") if isinstance(content, str) else content
    return RowSource("links", row_format, lambda: io.BytesIO(data), is_stream=True)


def check(content: bytes | str, row_format: RowFormat | None = None) -> RowCount:
    """Check the rows; what is told of them never shows the secret."""
    count = RowCount()
    check_rows(source_of(content, row_format), count)
    assert SECRET not in repr(count.told)
    return count


def updates_of(content: bytes | str, row_format: RowFormat | None = None) -> list[LinkUpdate]:
    read = read_wanted(source_of(content, row_format), RowCount(), skip_bad=True)
    return [update for update in read if isinstance(update, LinkUpdate)]


def bad_of(content: bytes | str) -> list[tuple[int, str | None, str]]:
    """Line, field and problem of each bad row."""
    return [(row.line, row.field, row.problem) for row in check(content).told]


def refusal_of(content: bytes | str, row_format: RowFormat | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        check(content, row_format)
    assert SECRET not in str(caught.value)
    return str(caught.value)
