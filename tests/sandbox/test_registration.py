import pytest

from belvo_async.sandbox import Sandbox

from .clients import Client

GOOD: dict[str, object] = {
    "institution": "erebor_mx_retail",
    "username": "user_valid",
    "password": "pass_valid",
}


async def test_a_registration_creates_a_valid_link(sandbox: Sandbox, client: Client) -> None:
    answer = await client.register(**GOOD, external_id="user_1", stale_in="30d", fetch_resources=["ACCOUNTS"])
    assert answer.status == 201
    link = sandbox.links[answer.json["id"]]
    assert (link.status, link.password, link.username) == ("valid", "pass_valid", "user_valid")
    assert (link.refresh_rate, link.credentials_storage, link.stale_in) == ("7d", "store", "30d")
    assert answer.json["fetch_resources"] == ["ACCOUNTS"]
    assert sandbox.logins(link.id) == 1


async def test_a_single_link_is_stored_for_a_year(client: Client) -> None:
    link = (await client.register(**GOOD, access_mode="single")).json
    assert (link["credentials_storage"], link["refresh_rate"]) == ("365d", None)


async def test_the_same_user_twice_is_a_duplicate(client: Client) -> None:
    first = (await client.register(**GOOD)).json
    again = await client.register(**GOOD)
    assert (again.status, again.code) == (400, "duplicated")
    assert again.json[0]["institution_user_id"] == first["institution_user_id"]
    assert (await client.register(**(GOOD | {"institution": "erebor_co_retail"}))).status == 201
    await client.call("DELETE", f"/api/links/{first['id']}/")
    assert (await client.register(**GOOD)).status == 201


async def test_a_challenge_leaves_an_unconfirmed_link_that_a_token_confirms(
    sandbox: Sandbox, client: Client
) -> None:
    body = GOOD | {"institution": "heimdall_mx_retail", "username": "mfa_numeric", "password": "numeric_code"}
    required = await client.register(**body)
    assert required.status == 428
    challenge = required.json[0]
    assert sandbox.links[challenge["link"]].status == "unconfirmed"
    assert sandbox.links[challenge["link"]].last_accessed_at is None
    confirmed = await client.resume(challenge, "111111")
    assert (confirmed.status, confirmed.json["status"]) == (200, "valid")
    assert sandbox.links[challenge["link"]].password == "numeric_code"
    assert (await client.register(**body)).code == "duplicated"


async def test_a_token_sent_along_avoids_the_challenge(sandbox: Sandbox, client: Client) -> None:
    answer = await client.register(
        institution="gotham_br_business", username="mfa_qr", password="qr_code", token="111111"
    )
    assert answer.status == 201
    assert sandbox.tokens(answer.json["id"]) == ["111111"]


async def test_refused_credentials_leave_no_link(sandbox: Sandbox, client: Client) -> None:
    answer = await client.register(**(GOOD | {"username": "user_invalid", "password": "pass_invalid"}))
    assert (answer.status, answer.code) == (400, "login_error")
    assert not sandbox.links
    assert sandbox.logins() == 1


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"institution": None}, {"institution": "null"}),
        ({"institution": "moria_mx_retail"}, {"institution": "does_not_exist"}),
        ({"institution": 5}, {"institution": "invalid"}),
        ({"username": ""}, {"username": "blank"}),
        (
            {"username": "1234567890abcdefg", "password": "1234567890abcdefg"},
            dict.fromkeys(("username", "password"), "validation_error"),
        ),
        ({"password": 5, "access_mode": "often"}, {"password": "invalid", "access_mode": "invalid_choice"}),
        ({"external_id": "a@b.mx"}, {"external_id": "invalid"}),
        ({"fetch_resources": "ACCOUNTS"}, {"fetch_resources": "not_a_list"}),
        ({"fetch_resources": [1]}, {"fetch_resources": "invalid"}),
        ({"stale_in": "soon"}, {"stale_in": "invalid"}),
        ({"certificate": "YQ=="}, {"private_key": "required"}),
        (
            {"institution": "ironbank_br_retail"},
            dict.fromkeys(("username_type", "username2", "password2"), "required"),
        ),
    ],
)
async def test_each_wrong_field_is_named(
    client: Client, change: dict[str, object], fields: dict[str, str]
) -> None:
    answer = await client.register(**(GOOD | change))
    assert answer.status == 400
    assert answer.fields == fields
    assert len({item["request_id"] for item in answer.json}) == 1


async def test_an_empty_body_lacks_an_institution(client: Client) -> None:
    assert (await client.register()).fields == {"institution": "required"}
    assert (await client.call("POST", "/api/links/")).fields == {"institution": "required"}


async def test_storage_rules_hold(client: Client) -> None:
    recurrent = await client.register(**GOOD, credentials_storage="30d")
    assert recurrent.code == "invalid_credentials_storage"
    nowhere = await client.register(**GOOD, access_mode="single", credentials_storage="nostore")
    assert nowhere.code == "invalid_fetch_resources"


@pytest.mark.parametrize(
    ("institution", "body"),
    [
        ("planet_mx_employment", {"username": "BLPM951331IONVGR54"}),
        ("ofmockbank_br_retail", {"username": "76109277673"}),
        ("tatooine_mx_fiscal", {"username": "PFIS010101000", "password": "individual"}),
        ("belvo_mx_retail", {"username": "ann", "username2": "1", "password": "x"}),
        (
            "ironbank_br_business",
            {
                "username_type": "003",
                "username": "adv_valid",
                "password": "pass_valid",
                "username2": "valid",
                "password2": "valid",
            },
        ),
    ],
)
async def test_each_institution_takes_its_own_credentials(
    client: Client, institution: str, body: dict[str, object]
) -> None:
    assert (await client.register(institution=institution, **body)).status == 201


async def test_the_advanced_login_can_be_refused(client: Client) -> None:
    answer = await client.register(
        institution="ironbank_br_retail",
        username_type="999",
        username="adv_invalid",
        password="pass_invalid",
        username2="invalid",
        password2="invalid",
    )
    assert answer.code == "login_error"
