import csv
import io
import json
from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from belvo_async import LinkUpdate
from belvo_async.cli._rows._reader import RowCount, read_updates
from belvo_async.cli._rows._source import RowFormat
from belvo_async.errors import UsageError
from tests.cli.rows.test_reading import FIRST, SECRET, rows_of, source_of

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)
UPDATES = st.builds(
    LinkUpdate,
    st.uuids(),
    password=TEXTS,
    password2=st.none() | TEXTS,
    username_type=st.none() | st.sampled_from(["003", "104"]),
)


def write_csv(updates: Sequence[LinkUpdate], delimiter: str, quoting: int, end: str) -> tuple[str, list[int]]:
    """Return the file, and the line where each row begins."""
    columns = ("link_id", "password", "password2", "username_type")
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(columns)
    lines = []
    for update in updates:
        lines.append(len(io.StringIO(file.getvalue(), newline=None).readlines()) + 1)
        writer.writerow([getattr(update, column) for column in columns])
    return file.getvalue(), lines


@given(
    updates=st.lists(UPDATES, min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_what_csv_writes_is_read_back(
    updates: list[LinkUpdate], delimiter: str, quoting: int, mark: str
) -> None:
    content, lines = write_csv(updates, delimiter, quoting, "\r\n")
    assert rows_of(mark + content) == list(zip(lines, updates, strict=True))


@given(st.lists(UPDATES, min_size=1, max_size=5), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_what_json_writes_is_read_back(updates: list[LinkUpdate], end: str) -> None:
    columns = ("link_id", "password", "password2", "username_type")
    content = end.join(json.dumps({name: getattr(row, name) for name in columns}) for row in updates)
    assert [row for _, row in rows_of(content)] == updates


NOISE = st.binary(max_size=40) | st.sampled_from(
    [b'"', b"\n", b"\r", b";", b",", b"\0", b"\xff", b"{", b'{"password": "', FIRST.encode()]
)
STARTS = st.sampled_from([b"", b"id,password\n", b"id;password;token\r\n", b'{"id": "x"}\n', b"\xff\xfe"])


@given(STARTS, st.lists(NOISE | st.just(SECRET.encode()), max_size=30), st.sampled_from([None, *RowFormat]))
def test_no_bytes_crash_the_reader_or_come_out_in_a_message(
    start: bytes, parts: list[bytes], row_format: RowFormat | None
) -> None:
    tally = RowCount()
    source = source_of(start + b"".join(parts), row_format)
    told = ""
    try:
        for _ in read_updates(source, skip_bad=True, tally=tally):
            pass
    except UsageError as error:
        told = str(error)
    told += "".join(map(str, tally.rows))
    assert SECRET not in told
    assert UUID(FIRST).hex not in told.replace("-", "")
    assert told.isprintable()
