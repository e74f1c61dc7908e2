import io

import pytest

from belvo_async import LinkUpdate
from belvo_async.cli._rows import RowCount, RowFormat, RowSource, read_wanted
from belvo_async.cli._rows._source import LONGEST_LINE
from belvo_async.errors import UsageError

from .files import FIRST, SECOND, SECRET, bad_of, check, refusal_of, source_of, updates_of


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiters_line_ends_and_byte_order_marks_do_not_matter(delimiter: str, end: str, mark: str) -> None:
    lines = ["link_id,password,institution", f"{FIRST},a ñ,erebor_mx_retail", "", f'{SECOND},"b""c",']
    content = mark + end.join(lines).replace(",", delimiter)
    assert updates_of(content) == [
        LinkUpdate(FIRST, password="a ñ", institution="erebor_mx_retail"),
        LinkUpdate(SECOND, password='b"c'),
    ]
    assert [line for line, *_ in bad_of(f"{content}{end}x")] == [5]


@pytest.mark.parametrize("name", ["link_id", "id", "link", " Link_ID "])
def test_the_id_has_three_names(name: str) -> None:
    assert updates_of(f"password,{name}\nx,{FIRST}\n") == [LinkUpdate(FIRST, password="x")]
    if name in {"id", "link"}:
        assert updates_of(f'{{"{name}": "{FIRST}", "password": "x"}}') == [LinkUpdate(FIRST, password="x")]


def test_an_empty_cell_is_not_given() -> None:
    assert updates_of(f"id,password,password2\n{FIRST},,x\n") == [LinkUpdate(FIRST, password2="x")]
    assert bad_of(f"id,password\n{FIRST},\n") == [(2, "password", "is missing")]


def test_json_null_is_not_given_and_empty_text_is() -> None:
    rows = updates_of(f'\n{{"id": "{FIRST}", "password": null, "password2": ""}}\n')
    assert rows == [LinkUpdate(FIRST, password2="")]


def test_rows_without_a_value_are_blank() -> None:
    content = f"id;password\n;\n   \n{FIRST};x\n;;\n\n"
    count = check(content)
    assert (count.good, count.bad) == (1, 0)


@pytest.mark.parametrize(
    ("row", "field", "problem"),
    [
        (f"{SECRET},x", "link_id", "is not a UUID"),
        (f",{SECRET}", "link_id", "is missing"),
        (f"{FIRST}", None, "has 1 cells, the header has 2"),
        (f"{FIRST},{SECRET},{SECRET}", None, "has 3 cells, the header has 2"),
        (f'{FIRST},"{SECRET}"x', None, "has text after a closing quote"),
        (f"{FIRST},{SECRET}\0", "password", "holds a NUL byte"),
        (f"{FIRST},{SECRET}\udcff", "password", "is not UTF-8 text"),
        (f"{FIRST},{'x' * 140_000}", None, "is too long"),
    ],
)
def test_a_bad_row_of_csv_is_named_and_the_next_one_is_read(
    row: str, field: str | None, problem: str
) -> None:
    content = f"id,password\n{row}\n{SECOND},y\n"
    assert bad_of(content) == [(2, field, problem)]
    assert updates_of(content) == [LinkUpdate(SECOND, password="y")]


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
    ],
)
def test_a_bad_row_of_json_is_named_and_the_next_one_is_read(
    row: str, field: str | None, problem: str
) -> None:
    first, last = (f'{{"id": "{link}", "password": "y"}}' for link in (FIRST, SECOND))
    content = f"{first}\n{row}\n{last}\n"
    assert bad_of(content) == [(2, field, problem)]
    assert updates_of(content) == [LinkUpdate(FIRST, password="y"), LinkUpdate(SECOND, password="y")]


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
    content = (
        f"id,{columns}\n{FIRST},\n" if columns == "password" else f"id,{columns},password2\n{FIRST},{cells}"
    )
    (row,) = check(content).told
    assert (row.field, remedy in row.remedy) == (field, True)


def test_a_quote_that_is_not_closed_costs_the_rows_that_it_takes_in_and_no_more() -> None:
    count = check(f'id,password\n{FIRST},"{SECRET}\n' + f"{SECOND},y\n" * 5000)
    row = count.told[0]
    assert (count.bad, row.line, row.problem) == (1, 2, "opens a quote that is not closed")
    assert str(row).startswith(f"lines 2 to {row.last}: the row opens")
    assert count.good == 5002 - row.last > 0


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_two_lone_quotes_do_not_make_one_password_of_the_rows_between(end: str) -> None:
    rows = ("id,password", f'{FIRST},"{SECRET}', f"{SECOND},y", f'{FIRST},{SECRET}"', f"{SECOND},z", "")
    assert bad_of(end.join(rows)) == [(2, None, "opens a quote that is not closed")]
    assert str(check(end.join(rows)).told[0]).startswith("lines 2 to 4: ")
    assert updates_of(end.join(rows)) == [LinkUpdate(SECOND, password="z")]


@pytest.mark.parametrize("after", [",z", '",z', "z"])
def test_a_lone_quote_that_spoils_its_row_tells_which_lines_are_left_out(after: str) -> None:
    content = f'id,password\n{FIRST},"{SECRET}\n{SECOND},y\n{FIRST},{SECRET}"{after}\n{SECOND},y\n'
    (row, *_) = check(content).told
    assert (row.line, row.last >= 4) == (2, True)


def test_a_row_may_go_over_lines() -> None:
    content = f'id,password\n{FIRST},"a\r\nb"\n{SECOND},y\nx,y\n'
    assert updates_of(content) == [LinkUpdate(FIRST, password="a\r\nb"), LinkUpdate(SECOND, password="y")]
    assert [line for line, *_ in bad_of(content)] == [5]


@pytest.mark.parametrize(
    "start", ["", "id,password\n", f"id,password\n{FIRST},x\n", f'{{"id": "{FIRST}"}}\n']
)
def test_a_line_without_end_is_refused(start: str) -> None:
    line = start.count("\n") + 1
    refusal = refusal_of(f"{start}{SECRET}{'x' * LONGEST_LINE}")
    assert refusal.startswith(f"links, line {line}: it is too long.")


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


def test_a_json_array_is_refused_with_a_way_out() -> None:
    assert "jq" in refusal_of(f'[{{"password": "{SECRET}"}}]')
    assert "no column" in refusal_of(f'[{{"password": "{SECRET}"}}]', RowFormat.CSV)


def test_the_first_character_tells_the_format_unless_it_is_given() -> None:
    content = f'  {{"id": "{FIRST}", "password": "x"}}'
    assert updates_of(content) == updates_of(content, RowFormat.JSON_LINES) != []
    assert refusal_of(content, RowFormat.CSV).startswith("links, line 1: there is no column link_id.")


def test_bad_rows_are_skipped_when_told_so_and_raise_else() -> None:
    content = f"id,password\n{SECRET},x\n{FIRST},y\n"
    count = RowCount()
    updates = read_wanted(source_of(content), count, skip_bad=True)
    assert list(updates) == [LinkUpdate(FIRST, password="y")]
    assert (count.bad, count.told[0].line) == (1, 2)
    with pytest.raises(UsageError, match=r"links, line 2: link_id is not a UUID\. Write the id"):
        list(read_wanted(source_of(content), RowCount()))


def test_rows_are_read_lazily() -> None:
    class Pipe(io.BytesIO):
        taken = 0

        def read1(self, size: int | None = -1, /) -> bytes:
            Pipe.taken += 1
            return super().read1(size)

    content = b"id,password\n" + f"{FIRST},x\n".encode() * 100_000
    source = RowSource("links", None, lambda: Pipe(content), is_stream=True)
    next(read_wanted(source, RowCount()))
    assert Pipe.taken < 3
