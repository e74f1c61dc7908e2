"""Which values of a challenge are pictures, and which may be drawn as a QR code."""

import base64

import pytest
from hypothesis import given

from belvo_async import Challenge
from belvo_async.models import ChallengeKind, Picture, TokenGenerationData
from tests.pure.strategies import ANY_TEXT

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(60)
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>"
PROLOG = f"<?xml version='1.0'?>\n<!DOCTYPE svg>\n<!-- a -->\n<!-- b -->{SVG}"


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def fold(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def ask(value: str, kind: ChallengeKind = ChallengeKind.QR) -> Challenge:
    return Challenge(
        session="s", link_id="l", token_generation_data=TokenGenerationData(kind=kind, value=value)
    )


PICTURES = {
    "base64": (encode(PNG), Picture("image/png", PNG)),
    "base64 in lines": (fold(PNG), Picture("image/png", PNG)),
    "base64 in lines of Windows": (fold(PNG).replace("\n", "\r\n"), Picture("image/png", PNG)),
    "base64url": (base64.urlsafe_b64encode(PNG).decode(), Picture("image/png", PNG)),
    "base64 without padding": (encode(PNG).rstrip("="), Picture("image/png", PNG)),
    "address": (f"data:image/png;base64,{encode(PNG)}", Picture("image/png", PNG)),
    "address in lines": (f"data:image/png;base64,{fold(PNG)}", Picture("image/png", PNG)),
    "address in capitals": (f"DATA:Image/PNG;Base64,{encode(PNG)}", Picture("image/png", PNG)),
    "address with a charset": (
        f"data:image/png;charset=utf-8;base64,{encode(PNG)}",
        Picture("image/png", PNG),
    ),
    "jpg": (f"data:image/jpg;base64,{encode(JPEG)}", Picture("image/jpeg", JPEG)),
    "jpeg in lines": (f"data:image/jpeg;base64,{fold(JPEG)}", Picture("image/jpeg", JPEG)),
    "webp": (f"data:image/webp;base64,{encode(WEBP)}", Picture("image/webp", WEBP)),
    "jpeg in base64": (encode(JPEG), Picture("image/jpeg", JPEG)),
    "webp in base64": (encode(WEBP), Picture("image/webp", WEBP)),
    "svg in utf8": (f"data:image/svg+xml;utf8,{SVG}", Picture("image/svg+xml", SVG.encode())),
    "svg with percent signs": ("data:image/svg+xml,%3Csvg/%3E", Picture("image/svg+xml", b"<svg/>")),
    "svg in base64": (
        f"data:image/svg+xml;base64,{encode(SVG.encode())}",
        Picture("image/svg+xml", SVG.encode()),
    ),
    "raw svg": (SVG, Picture("image/svg+xml", SVG.encode())),
    "raw svg after blanks": (f"\n {SVG}", Picture("image/svg+xml", SVG.encode())),
    "svg with a prolog": (PROLOG, Picture("image/svg+xml", PROLOG.encode())),
    "svg with a prolog in base64": (encode(PROLOG.encode()), Picture("image/svg+xml", PROLOG.encode())),
}


@pytest.mark.parametrize(("value", "picture"), PICTURES.values(), ids=PICTURES)
def test_a_picture_is_known_in_every_form_and_never_drawn_as_a_code(value: str, picture: Picture) -> None:
    assert (ask(value).picture, ask(value).qr_content) == (picture, None)


@pytest.mark.parametrize(
    "value",
    [
        f"data:text/html;base64,{encode(b'<script>alert(1)</script>')}",
        f"data:text/html;base64,{encode(PNG)}",
        "data:text/plain,12345",
        "data:image/png;base64,\x07",
        "data:,",
        "data:",
        "<html><body>",
        "<svg onload='alert(1)'/>",
        f"{SVG[:-6]}<script>alert(1)</script></svg>",
        "",
    ],
    ids=repr,
)
def test_what_could_run_something_is_no_picture_and_no_code_either(value: str) -> None:
    assert (ask(value).picture, ask(value).qr_content) == (None, None)


@pytest.mark.parametrize(
    "value",
    [
        "belvo-sandbox:qr:12345",
        "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000",
        "https://bank.example/login?code=abc",
        "otpauth://totp/bank?secret=ABC",
        "1234",
        "iVBO",
    ],
)
def test_a_text_is_the_content_of_a_code_as_it_came(value: str) -> None:
    assert (ask(value).picture, ask(value).qr_content) == (None, value)


@pytest.mark.parametrize("kind", [kind for kind in ChallengeKind if kind is not ChallengeKind.QR])
def test_no_other_kind_has_a_code_to_draw(kind: ChallengeKind) -> None:
    assert ask("12345", kind).qr_content is None


def test_a_challenge_without_a_value_has_neither() -> None:
    challenge = Challenge(session="s", link_id="l")
    assert (challenge.picture, challenge.qr_content) == (None, None)


@pytest.mark.parametrize(
    ("media_type", "suffix"), [("image/png", ".png"), ("image/jpeg", ".jpg"), ("image/svg+xml", ".svg")]
)
def test_a_picture_is_a_file_and_an_address(media_type: str, suffix: str) -> None:
    picture = Picture(media_type, b"12345")
    assert (picture.suffix, picture.data_uri) == (suffix, f"data:{media_type};base64,MTIzNDU=")
    assert "12345" not in repr(picture)


@given(ANY_TEXT)
def test_any_text_is_a_picture_or_a_code_or_neither(value: str) -> None:
    assert ask(value).picture is None or ask(value).qr_content is None


@pytest.mark.parametrize("value", ["<!-- -->" * 100_000, "<?xml" + "<!--" * 100_000, "<" + "\n" * 500_000])
def test_a_text_that_is_almost_an_svg_takes_no_time(value: str) -> None:
    assert ask(value).picture is None
