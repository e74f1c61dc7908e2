import base64
import io

import pytest
import segno
from rich.console import Console
from rich.text import Text

from belvo_async import Challenge
from belvo_async.cli._qr import Undrawable, draw_code
from belvo_async.models import ChallengeKind, TokenGenerationData

MODULES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def ask(value: str) -> Challenge:
    data = TokenGenerationData(kind=ChallengeKind.QR, value=value)
    return Challenge(session="s", link_id="l", token_generation_data=data)


def console_of(width: int = 80, *, encoding: str = "utf-8", colours: bool = True) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Console(file=file, width=width, force_terminal=colours, color_system="256" if colours else None)


def read_drawing(drawing: Text | Undrawable) -> list[tuple[int, ...]]:
    assert isinstance(drawing, Text)
    rows: list[tuple[int, ...]] = []
    for line in drawing.plain.split("\n"):
        rows += zip(*(MODULES[sign] for sign in line), strict=True)
    return rows


@pytest.mark.parametrize("value", ["belvo-sandbox:qr:12345", "código ñ", "1234567890" * 20])
def test_the_drawing_has_the_modules_of_the_code(value: str) -> None:
    expected = [tuple(row) for row in segno.make_qr(value).matrix_iter(border=4)]
    drawn = read_drawing(draw_code(ask(value), console_of()))
    assert drawn[: len(expected)] == expected
    assert not any(map(any, drawn[len(expected) :]))


def test_without_colours_the_light_modules_are_drawn() -> None:
    dark = read_drawing(draw_code(ask("x"), console_of()))
    light = read_drawing(draw_code(ask("x"), console_of(colours=False)))
    assert light == [tuple(1 - module for module in row) for row in dark]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_without_block_characters_the_content_is_told(encoding: str) -> None:
    drawing = draw_code(ask("x\x1b[2J"), console_of(encoding=encoding))
    assert isinstance(drawing, Undrawable)
    assert drawing.text == r"x\x1b[2J"


def test_a_terminal_that_is_too_narrow_is_told_so() -> None:
    drawing = draw_code(ask("1234"), console_of(width=20))
    assert isinstance(drawing, Undrawable)
    assert "needs 29 columns, the terminal has 20" in drawing.why


def test_what_fits_no_code_is_shown_as_text() -> None:
    drawing = draw_code(ask("x" * 5000), console_of(width=500))
    assert drawing == Undrawable("This is no content of a QR code:", "x" * 5000)


def test_a_data_uri_is_told_as_an_address() -> None:
    drawing = draw_code(ask("data:image/png;base64,\nAAAA"), console_of())
    assert isinstance(drawing, Undrawable)
    assert "browser" in drawing.why
    assert drawing.text == "data:image/png;base64,AAAA"


@pytest.mark.parametrize("value", ["data:text/html;base64,AAAA\x07", "<svg onload='x'>\x07", "data:,\x07"])
def test_what_is_no_picture_is_neither_drawn_nor_called_one(value: str) -> None:
    drawing = draw_code(ask(value), console_of())
    assert drawing == Undrawable("This is no content of a QR code:", value.replace("\x07", r"\x07"))


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"<svg", "svg+xml")]
)
def test_an_image_in_base64_becomes_an_address(magic: bytes, kind: str) -> None:
    value = base64.b64encode(magic + b"12345").decode()
    drawing = draw_code(ask(value), console_of())
    assert isinstance(drawing, Undrawable)
    assert drawing.text == f"data:image/{kind};base64,{value}"
