import csv
import io
import json
from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from belvo_async import LinkUpdate
from belvo_async.cli._rows import RowCount, RowFormat, read_wanted
from belvo_async.errors import UsageError

from .files import FIRST, SECRET, source_of, updates_of

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


COLUMNS = ("link_id", "password", "password2", "username_type")


def write_csv(updates: Sequence[LinkUpdate], delimiter: str, quoting: int, end: str) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(COLUMNS)
    writer.writerows([getattr(update, column) for column in COLUMNS] for update in updates)
    return file.getvalue()


@given(
    updates=st.lists(UPDATES, min_size=1, max_size=5),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    mark=st.sampled_from(["", "\ufeff"]),
)
def test_what_csv_writes_is_read_back(
    updates: list[LinkUpdate], delimiter: str, quoting: int, mark: str
) -> None:
    assert updates_of(mark + write_csv(updates, delimiter, quoting, "\r\n")) == updates


@given(st.lists(UPDATES, min_size=1, max_size=5), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_what_json_writes_is_read_back(updates: list[LinkUpdate], end: str) -> None:
    content = end.join(json.dumps({name: getattr(row, name) for name in COLUMNS}) for row in updates)
    assert updates_of(content) == updates


NOISE = st.binary(max_size=40) | st.sampled_from(
    [b'"', b"\n", b"\r", b";", b",", b"\0", b"\xff", b"{", b'{"password": "', FIRST.encode()]
)
STARTS = st.sampled_from([b"", b"id,password\n", b"id;password;token\r\n", b'{"id": "x"}\n', b"\xff\xfe"])


@given(STARTS, st.lists(NOISE | st.just(SECRET.encode()), max_size=30), st.sampled_from([None, *RowFormat]))
def test_no_bytes_crash_the_reader_or_come_out_in_a_message(
    start: bytes, parts: list[bytes], row_format: RowFormat | None
) -> None:
    count = RowCount()
    source = source_of(start + b"".join(parts), row_format)
    told = ""
    try:
        for _ in read_wanted(source, count, skip_bad=True):
            pass
    except UsageError as error:
        told = str(error)
    told += "".join(map(str, count.told))
    assert SECRET not in told
    assert UUID(FIRST).hex not in told.replace("-", "")
    assert told.isprintable()
