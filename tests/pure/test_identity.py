"""Whom a pool speaks for, and how credentials are known again."""

import pickle
from typing import Any

import pytest

from belvo_async import ClientIdentity, Credentials, LinkUpdate

URL = "https://sandbox.belvo.com"
ONE, TWO = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0", "30cb4806-6e00-48a4-91c9-ca55968576c8"
CLIENT = ClientIdentity.build(URL, Credentials("id", "secret"))


def digest(link_id: str = ONE, client: ClientIdentity = CLIENT, **values: Any) -> str:
    return client.digest_credentials(LinkUpdate(link_id, **values))


def test_a_client_is_its_key_in_its_environment() -> None:
    assert ClientIdentity.build(URL, Credentials("id", "rotated")) == CLIENT
    assert ClientIdentity.build(URL, Credentials("other", "secret")) != CLIENT
    assert ClientIdentity.build("https://api.belvo.com", Credentials("id", "secret")) != CLIENT
    assert "secret" not in repr(CLIENT)


def test_the_same_credentials_of_a_link_have_the_same_digest() -> None:
    assert digest(password="a") == digest(password="a", institution="erebor_mx_retail")
    assert len(digest(password="a")) == 16


@pytest.mark.parametrize(
    "other",
    [
        {"password": "b"},
        {"password": "a", "password2": "a"},
        {"password": "a", "username_type": "003"},
        {"password2": "a"},
        {"link_id": TWO, "password": "a"},
        {"client": ClientIdentity.build(URL, Credentials("id", "rotated")), "password": "a"},
    ],
)
def test_anything_else_has_another_digest(other: dict[str, Any]) -> None:
    assert digest(**other) != digest(password="a")


def test_a_token_made_beforehand_makes_no_new_credentials() -> None:
    assert digest(password="a", token="1") == digest(password="a", token="2")
    assert digest(token="1") != digest(token="2")


def test_what_is_made_of_the_secret_is_never_pickled() -> None:
    identity = ClientIdentity.build(URL, Credentials("id", "secret"))
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(identity)
