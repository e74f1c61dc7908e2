"""What a bot or a page of somebody else shows for a challenge."""

import pytest
import segno

from belvo_async import Challenge
from belvo_async.models import ChallengeKind, Picture, TokenGenerationData
from belvo_async.web import draw_picture


def ask(value: str | None, kind: ChallengeKind | None = ChallengeKind.QR) -> Challenge:
    data = TokenGenerationData(kind=kind, value=value)
    return Challenge(session="s", link_id="l", token_generation_data=data)


def test_a_code_is_drawn_as_a_picture_of_its_content() -> None:
    picture = draw_picture(ask("https://bank.example/?code=1"), scale=2)
    assert picture is not None
    size = segno.make_qr("https://bank.example/?code=1").symbol_size(scale=2)[0]
    assert (picture.media_type, picture.data[:4]) == ("image/png", b"\x89PNG")
    assert int.from_bytes(picture.data[16:20]) == size


@pytest.mark.parametrize("kind", [ChallengeKind.QR, ChallengeKind("captcha"), None])
def test_a_picture_of_the_bank_is_handed_on(kind: ChallengeKind | None) -> None:
    assert draw_picture(ask("data:image/png;base64,AAAA", kind)) == Picture("image/png", b"\0\0\0")


@pytest.mark.parametrize("value", [None, "x" * 5000, "data:text/html;base64,AAAA"])
def test_what_cannot_be_drawn_is_none(value: str | None) -> None:
    assert draw_picture(ask(value)) is None


def test_a_number_is_no_code() -> None:
    assert draw_picture(ask("12345", ChallengeKind.NUMERIC)) is None
