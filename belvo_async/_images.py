"""Which values of a challenge are images, as banks send QR codes."""

import base64
import binascii
import re
from typing import Final

_IMAGES: Final = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"<svg", "image/svg+xml"),
)
_DATA_URI: Final = re.compile(
    r"data:image/(?:png|jpeg|gif|svg\+xml)(?:;charset=utf-8)?;base64,[A-Za-z0-9+/]+=*", re.IGNORECASE
)


def find_image(value: str) -> str | None:
    """Return the data URI of a value that is an image: a data URI, or an image in base64; else None."""
    text = value.strip()
    if _DATA_URI.fullmatch(text):
        return text
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = next((kind for magic, kind in _IMAGES if data.startswith(magic)), None)
    return None if kind is None else f"data:{kind};base64,{text}"
