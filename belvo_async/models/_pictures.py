"""Which texts are pictures, as banks send QR codes: in base64, as a data URI, or as SVG."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from attrs import field, frozen

_SVG: Final = "image/svg+xml"
_SIGNATURES: Final = (
    (re.compile(rb"\x89PNG"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (
        re.compile(
            rb"(?:\xef\xbb\xbf)?(?>(?:\s+|<\?xml[^>]*>|<!--(?>.*?-->)|<!DOCTYPE[^>]*>)*)<svg", re.DOTALL
        ),
        _SVG,
    ),
)
_DATA_URI: Final = re.compile(
    r"data:(?P<type>[^;,]*)(?P<parameters>(?:;[^;,]*)*),(?P<data>.*)", re.DOTALL | re.IGNORECASE
)
_SAME_TYPES: Final = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}
_SUFFIXES: Final = {"image/jpeg": ".jpg", _SVG: ".svg"}
_IMAGE_TYPE: Final = re.compile(r"image/[a-z0-9.+-]+", re.ASCII)
_ACTIVE: Final = re.compile(rb"<script|<foreignobject|<iframe|javascript:|\son\w+\s*=", re.IGNORECASE)
_TO_STANDARD: Final = str.maketrans("-_", "+/")


@frozen
class Picture:
    """A picture that came as text, such as a QR code that the bank has drawn itself."""

    media_type: str
    """`image/png`, `image/svg+xml`, …"""
    data: bytes = field(repr=False)
    """The file."""

    @property
    def suffix(self) -> str:
        """What the name of such a file ends with, such as `.png`."""
        return _SUFFIXES.get(self.media_type, f".{self.media_type.removeprefix('image/')}")

    @property
    def data_uri(self) -> str:
        """The picture as an address, for the `src` of an `<img>`; open no SVG of a stranger otherwise."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


def find_picture(text: str) -> Picture | None:
    """Return the picture that a text is; None where it is none, or an SVG that could run something."""
    text = text.strip()
    address = _read_address(text)
    if address is not None:
        media_type, data = address
        return _check(media_type, data) if _IMAGE_TYPE.fullmatch(media_type) else None
    data = text.encode("utf-8", "replace") if text.startswith("<") else _decode(text)
    kind = next((kind for signature, kind in _SIGNATURES if signature.match(data)), None)
    return None if kind is None else _check(kind, data)


def find_qr_content(text: str) -> str | None:
    """Return a text that can be the content of a QR code; None for pictures, data URIs and markup."""
    opening = text.lstrip()[:5].lower()
    is_content = text != "" and opening != "data:" and not opening.startswith("<")
    return text if is_content and find_picture(text) is None else None


def _check(media_type: str, data: bytes) -> Picture | None:
    if not data or (media_type == _SVG and _ACTIVE.search(data)):
        return None
    return Picture(media_type, data)


def _read_address(text: str) -> tuple[str, bytes] | None:
    """Read the type and the bytes of a data URI."""
    found = _DATA_URI.fullmatch(text) if text[:5].lower() == "data:" else None
    if found is None:
        return None
    media_type = found["type"].strip().lower()
    data = unquote_to_bytes(found["data"])
    if ";base64" in found["parameters"].lower():
        data = _decode(data.decode("ascii", "replace"))
    return _SAME_TYPES.get(media_type, media_type), data


def _decode(text: str) -> bytes:
    """Decode base64 of either alphabet, with or without line breaks and padding; nothing where it is none."""
    digits = "".join(text.split()).translate(_TO_STANDARD).rstrip("=")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
