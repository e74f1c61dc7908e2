import io

import pytest

from belvo_async import LinkUpdate
from belvo_async.cli._rows._fields import BadRow, Row
from belvo_async.cli._rows._lines import LONGEST_LINE
from belvo_async.cli._rows._reader import RowCount, read_rows, read_updates
from belvo_async.cli._rows._source import RowFormat, StreamSource
from belvo_async.errors import UsageError

FIRST = "11111111-2222-4333-8444-555555555555"
SECOND = "99999999-2222-4333-8444-555555555555"
SECRET = "hunter2-s3cret"


def source_of(content: bytes | str, row_format: RowFormat | None = None) -> StreamSource:
    data = content.encode("utf-8", errors="surrogateescape") if isinstance(content, str) else content
    return StreamSource("links", row_format, lambda _stop: io.BytesIO(data))


def rows_of(content: bytes | str, row_format: RowFormat | None = None) -> list[Row]:
    return list(read_rows(source_of(content, row_format)))


def bad_of(content: bytes | str) -> list[tuple[int, str | None, str]]:
    """Line, field and problem of each bad row; none of them shows the secret."""
    rows = [row for _, row in rows_of(content) if isinstance(row, BadRow)]
    assert SECRET not in repr(rows)
    return [(row.line, row.field, row.problem) for row in rows]


def refusal_of(content: bytes | str, row_format: RowFormat | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        rows_of(content, row_format)
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiters_line_ends_and_byte_order_marks_do_not_matter(delimiter: str, end: str, mark: str) -> None:
    lines = ["link_id,password,institution", f"{FIRST},a ñ,erebor_mx_retail", "", f'{SECOND},"b""c",']
    content = mark + end.join(lines).replace(",", delimiter)
    assert rows_of(content) == [
        (2, LinkUpdate(FIRST, password="a ñ", institution="erebor_mx_retail")),
        (4, LinkUpdate(SECOND, password='b"c')),
    ]


@pytest.mark.parametrize("name", ["link_id", "id", "link", " Link_ID "])
def test_the_id_has_three_names(name: str) -> None:
    assert rows_of(f"password,{name}\nx,{FIRST}\n") == [(2, LinkUpdate(FIRST, password="x"))]
    if name in {"id", "link"}:
        assert rows_of(f'{{"{name}": "{FIRST}", "password": "x"}}') == [(1, LinkUpdate(FIRST, password="x"))]


def test_an_empty_cell_is_not_given() -> None:
    assert rows_of(f"id,password,password2\n{FIRST},,x\n") == [(2, LinkUpdate(FIRST, password2="x"))]
    assert bad_of(f"id,password\n{FIRST},\n") == [(2, "password", "is missing")]


def test_json_null_is_not_given_and_empty_text_is() -> None:
    rows = rows_of(f'\n{{"id": "{FIRST}", "password": null, "password2": ""}}\n')
    assert rows == [(2, LinkUpdate(FIRST, password2=""))]


def test_rows_without_a_value_are_blank() -> None:
    content = f"id;password\n;\n   \n{FIRST};x\n;;\n\n"
    assert [line for line, _ in rows_of(content)] == [4]


@pytest.mark.parametrize(
    ("row", "field", "problem"),
    [
        (f"{SECRET},x", "link_id", "is not a UUID"),
        (f",{SECRET}", "link_id", "is missing"),
        (f"{FIRST}", None, "has 1 cells, the header has 2"),
        (f"{FIRST},{SECRET},{SECRET}", None, "has 3 cells, the header has 2"),
        (f'{FIRST},"{SECRET}"x', None, "has text after a closing quote"),
        (f'{FIRST},"{SECRET}', None, "opens a quote that is not closed"),
        (f"{FIRST},{SECRET}\0", "password", "holds a NUL byte"),
        (f"{FIRST},{SECRET}\udcff", "password", "is not UTF-8 text"),
        (f"{FIRST},{'x' * 140_000}", None, "is too long"),
        (f"{FIRST},{'x' * LONGEST_LINE * 2}", None, "is too long"),
        (f"{FIRST},{'x' * (LONGEST_LINE - 39)}\ny", None, "is too long"),
    ],
)
def test_a_bad_row_of_csv_is_named_and_the_next_one_is_read(
    row: str, field: str | None, problem: str
) -> None:
    content = f"id,password\n{row}\n{SECOND},y\n"
    assert bad_of(content)[0] == (2, field, problem)
    assert rows_of(content)[-1] == (content.count("\n"), LinkUpdate(SECOND, password="y"))


@pytest.mark.parametrize(
    ("row", "field", "problem"),
    [
        (f'"{SECRET}"', None, "is not a JSON object"),
        (f'["{SECRET}"]', None, "is not a JSON object"),
        (f'{{"password": "{SECRET}"', None, "is not a JSON object"),
        ("[" * 100_000, None, "is not a JSON object"),
        ("9" * 5000, None, "is not a JSON object"),
        (f'{{"password": "{SECRET}"}}', "link_id", "is missing"),
        (f'{{"id": "{FIRST}", "link_id": "{FIRST}"}}', "link_id", "is given twice"),
        (f'{{"password": "{SECRET}", "password": "x"}}', "password", "is given twice"),
        (f'{{"id": "{FIRST}", "password": 1234}}', "password", "is not text"),
        (f'{{"id": "{FIRST}", "password": ["{SECRET}"]}}', "password", "is not text"),
        (f'{{"id": "{FIRST}", "pasword": "{SECRET}"}}', '"pasword"', "is not known"),
        (f'{{"id": "{FIRST}", "{SECRET},": "x"}}', "column 2", "is not known"),
        (f'{{"id": "{FIRST}", "password": ""}}', "password", "is empty"),
        (f'{{"id": "{FIRST}", "password": "{SECRET}\\ud800"}}', "password", "holds half a character"),
        (f'{{"id": "{FIRST}", "password": "{SECRET}\udcff"}}', None, "is not UTF-8 text"),
        (f'{{"id": "{FIRST}", "password": "{SECRET}\0"}}', None, "holds a NUL byte"),
        (f'{{"id": "{"x" * LONGEST_LINE}"}}', None, "is too long"),
    ],
)
def test_a_bad_row_of_json_is_named_and_the_next_one_is_read(
    row: str, field: str | None, problem: str
) -> None:
    good = f'{{"id": "{SECOND}", "password": "y"}}'
    assert bad_of(f"{good}\n{row}\n{good}\n") == [(2, field, problem)]
    assert rows_of(f"{good}\n{row}\n{good}\n")[-1] == (3, LinkUpdate(SECOND, password="y"))


@pytest.mark.parametrize(
    ("columns", "cells", "field", "remedy"),
    [
        ("password", ",", "password", "another credential"),
        ("institution", "erebor mx,x", "institution", "belvo-async links list"),
        ("certificate", "===,x", "certificate", "base64"),
        ("private_key", "YQ==,x", "certificate", "together"),
    ],
)
def test_the_remedy_is_about_the_file(columns: str, cells: str, field: str, remedy: str) -> None:
    (_, row), *_ = rows_of(f"id,{columns},password2\n{FIRST},{cells}\n{SECOND},,y\n")
    if columns == "password":
        (_, row), *_ = rows_of(f"id,{columns}\n{FIRST},\n")
    assert isinstance(row, BadRow)
    assert (row.field, remedy in row.remedy) == (field, True)


def test_a_quote_that_is_not_closed_costs_its_own_row_only() -> None:
    content = f'id,password\n{FIRST},"{SECRET}\n' + f"{SECOND},y\n" * 5000
    assert bad_of(content) == [(2, None, "opens a quote that is not closed")]
    assert len(rows_of(content)) == 5001


def test_two_lone_quotes_do_not_make_one_password_of_the_rows_between() -> None:
    content = f'id,password\n{FIRST},"{SECRET}\n{SECOND},y\n{FIRST},{SECRET}"\n'
    assert bad_of(content) == [(2, None, "opens a quote that is not closed")]
    assert [line for line, _ in rows_of(content)] == [2, 3, 4]


def test_a_lone_quote_that_spoils_the_number_of_cells_costs_its_own_row_only() -> None:
    content = f'id,password\n{FIRST},"{SECRET}\n{SECOND},y\n{FIRST},{SECRET}",z\n'
    assert [line for line, *_ in bad_of(content)] == [2, 4]
    assert rows_of(content)[1] == (3, LinkUpdate(SECOND, password="y"))


def test_a_row_may_go_over_lines() -> None:
    content = f'id,password\n{FIRST},"a\r\nb"\n{SECOND},y\n'
    assert rows_of(content) == [
        (2, LinkUpdate(FIRST, password="a\r\nb")),
        (4, LinkUpdate(SECOND, password="y")),
    ]


def test_a_long_line_inside_quotes_is_found() -> None:
    content = f'id,password\n{FIRST},"a\n{"x" * LONGEST_LINE}"\n{SECOND},y\n'
    assert bad_of(content) == [(2, None, "opens a quote that is not closed"), (3, None, "is too long")]
    assert rows_of(content)[-1] == (4, LinkUpdate(SECOND, password="y"))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("password,token", "links, line 1: there is no column link_id. "),
        ("\n\npassword,token", "links, line 3: there is no column link_id. "),
        (f"{FIRST},{SECRET}", "links, line 1: there is no column link_id. "),
        ("id,pasword", 'links, line 1: "pasword" is not known. Did you mean "password"? Known are link_id,'),
        ("id,zzz", 'links, line 1: "zzz" is not known. Known are link_id,'),
        ("id,", "links, line 1: column 2 is not known. "),
        (f'id,"a\n{SECRET}"', "links, line 1: column 2 is not known. "),
        ("id,link", "links, line 1: there are two columns for link_id. "),
        ("id,password,Password", "links, line 1: there are two columns for password. "),
        ("id,pass\udcff", "links, line 1: the header row is not UTF-8 text. "),
        ('id,"password', "links, line 1: the header row opens a quote that is not closed. "),
        (f"id,{'x' * 140_000}", "links, line 1: the header row is too long. "),
        ('id,"password"x', "links, line 1: the header row has text after a closing quote. "),
    ],
)
def test_a_wrong_header_row_is_explained(header: str, message: str) -> None:
    refusal = refusal_of(f"{header}\n{FIRST},{SECRET}\n")
    assert refusal.startswith(message)
    assert refusal.endswith(("institution_user_id.", "them.", "UTF-8.", '"a""b".', "the row."))


def test_utf_16_is_told_from_utf_8() -> None:
    assert "CSV UTF-8" in refusal_of(f"id,password\r\n{FIRST},{SECRET}\r\n".encode("utf-16"))


@pytest.mark.parametrize("content", ["", "\ufeff", " \n\n\t\n"])
def test_an_empty_file_is_refused(content: str) -> None:
    assert refusal_of(content).startswith("links is empty.")


def test_a_file_of_a_header_row_alone_is_refused() -> None:
    assert refusal_of("id,password").startswith("links holds no row of a link.")


def test_a_first_line_without_end_is_refused() -> None:
    assert refusal_of("x" * LONGEST_LINE).startswith("links: its first line is too long.")


def test_a_json_array_is_refused_with_a_way_out() -> None:
    assert "jq" in refusal_of(f'[{{"password": "{SECRET}"}}]')
    assert "no column" in refusal_of(f'[{{"password": "{SECRET}"}}]', RowFormat.CSV)


def test_the_first_character_tells_the_format_unless_it_is_given() -> None:
    content = f'  {{"id": "{FIRST}", "password": "x"}}'
    assert rows_of(content) == rows_of(content, RowFormat.JSON_LINES)
    assert refusal_of(content, RowFormat.CSV).startswith("links, line 1: there is no column link_id.")


def test_bad_rows_are_skipped_when_told_so_and_raise_else() -> None:
    content = f"id,password\n{SECRET},x\n{FIRST},y\n"
    tally = RowCount()
    updates = read_updates(source_of(content), skip_bad=True, tally=tally)
    assert list(updates) == [LinkUpdate(FIRST, password="y")]
    assert (tally.count, tally.rows[0].line) == (1, 2)
    with pytest.raises(UsageError, match=r"links, line 2: link_id is not a UUID\. Write the id"):
        list(read_updates(source_of(content)))


def test_only_the_first_bad_rows_are_kept() -> None:
    tally = RowCount()
    content = "id,password\n" + "x,y\n" * 1000
    assert not list(read_updates(source_of(content), skip_bad=True, tally=tally))
    assert (tally.count, len(tally.rows), tally.rows[-1].line) == (1000, 100, 101)


def test_rows_are_read_lazily() -> None:
    class Pipe(io.BytesIO):
        taken = 0

        def read1(self, size: int | None = -1, /) -> bytes:
            Pipe.taken += 1
            return super().read1(size)

    content = b"id,password\n" + f"{FIRST},x\n".encode() * 100_000
    updates = read_updates(StreamSource("links", None, lambda _stop: Pipe(content)))
    next(updates)
    assert Pipe.taken < 3
