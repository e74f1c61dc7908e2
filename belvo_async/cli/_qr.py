"""QR codes: the content of one drawn with block characters, or told that it cannot be drawn."""

from typing import Final

import segno
from attrs import frozen
from rich.console import Console
from rich.text import Text

from belvo_async import Challenge
from belvo_async.cli._console import make_safe

_QUIET_ZONE: Final = 4
"""Modules that stay light around the code, as its standard asks."""
_BLOCKS: Final = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


@frozen
class Undrawable:
    """A QR code that a terminal cannot show, and why."""

    why: str
    text: str
    """What to show in its place, safe for a terminal."""


def draw_code(challenge: Challenge, console: Console) -> Text | Undrawable:
    """Draw the QR code of a challenge, or tell why it cannot be drawn."""
    picture = challenge.picture
    if picture is not None:
        why = "The bank sent the QR code as an image. Open this address in a browser to see it:"
        return Undrawable(why, picture.data_uri)
    value = challenge.qr_content
    if value is None:
        return Undrawable("This is no content of a QR code:", make_safe(challenge.value or ""))
    if "utf" not in console.encoding.lower():
        return Undrawable(
            "This terminal has no characters to draw a QR code with. Its content:", make_safe(value)
        )
    try:
        code = segno.make_qr(value)
    except ValueError:
        return Undrawable("This is no content of a QR code:", make_safe(value))
    width = code.symbol_size(border=_QUIET_ZONE)[0]
    if width > console.width:
        why = f"The QR code needs {width} columns, the terminal has {console.width}. Its content:"
        return Undrawable(why, make_safe(value))
    return _draw(code, inverted=console.color_system is None)


def _draw(code: segno.QRCode, *, inverted: bool) -> Text:
    """Draw two rows of modules in each line, dark on light whatever the terminal's colours are."""
    rows = [bytes(row) for row in code.matrix_iter(border=_QUIET_ZONE)]
    rows.append(bytes(len(rows[0])))  # every QR code has an odd number of rows
    if inverted:  # without colours, light modules are drawn and the background is taken to be dark
        rows = [bytes(not module for module in row) for row in rows]
    pairs = zip(rows[::2], rows[1::2], strict=True)
    lines = ("".join(_BLOCKS[bool(top), bool(low)] for top, low in zip(*pair, strict=True)) for pair in pairs)
    style = "" if inverted else "black on bright_white"
    return Text("\n".join(lines), style=style, no_wrap=True)
