import json
import re
import subprocess
import sys
from base64 import b64encode, urlsafe_b64decode

import pytest

from belvo_async.sandbox import Sandbox

from .clients import Client

LINK = "/api/links/00000000-0000-4000-8000-000000000000/"


async def test_the_root_answers_a_login_check(client: Client) -> None:
    answer = await client.get("/api/")
    assert answer.status == 200
    assert answer.json["links"].endswith("/api/links/")
    assert answer.json["br/balances"].endswith("/api/br/balances/")


@pytest.mark.parametrize("path", ["/api/", "/api/links/", "/api/institutions/", LINK, "/api/nowhere/"])
async def test_everything_wants_the_right_keys(client: Client, path: str) -> None:
    wrong = f"Basic {b64encode(b'somebody:else').decode()}"
    answer = await client.call("GET", path, headers={"Authorization": wrong})
    assert (answer.status, answer.code) == (401, "authentication_failed")
    assert answer.json[0]["message"] == "Invalid Secret Keys"


@pytest.mark.parametrize(
    "path", ["/", "/ap", "/api/payments/", "/api/payments", "/api/links/x/y/z/", "/api/links/x/y/z"]
)
async def test_unknown_paths_are_not_found(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status, answer.code) == (404, "not_found")
    assert re.fullmatch("[0-9a-f]{32}", answer.json[0]["request_id"])
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api", "/api/links", LINK[:-1], "/api/br/balances"])
async def test_a_missing_slash_is_a_redirect_and_nothing_is_done(
    sandbox: Sandbox, client: Client, method: str, path: str
) -> None:
    answer = await client.call(method, path, {"password": "x"}, status__in="valid,invalid")
    assert answer.status == 301
    assert answer.headers["location"] == f"{path}/?status__in=valid%2Cinvalid"
    assert sandbox.logins() == 0


async def test_a_wrong_method_is_told_in_the_words_of_the_framework(client: Client) -> None:
    answer = await client.call("PATCH", "/api/institutions/")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.json[0]["message"] == 'Method "PATCH" not allowed.'


@pytest.mark.parametrize(
    ("method", "suffix"), [("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "refresh/")]
)
async def test_an_unknown_link_is_not_found(client: Client, method: str, suffix: str) -> None:
    answer = await client.call(method, LINK + suffix, {"password": "x"})
    assert (answer.status, answer.code) == (404, "not_found")


async def test_a_body_that_is_not_json_is_a_parse_error(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    async with client.session.put(
        f"{sandbox.url}/api/links/{link_id}/", data=b"{nope", headers=client.headers
    ) as answer:
        assert answer.status == 400
        assert (await answer.json())[0]["code"] == "parse_error"
    assert sandbox.log[-1].body is None


async def test_a_body_that_is_no_object_is_invalid(sandbox: Sandbox, client: Client) -> None:
    answer = await client.call("PUT", f"/api/links/{sandbox.add_link()}/", ["password"])
    assert (answer.status, answer.code) == (400, "invalid")


async def test_institutions_are_listed_and_filtered(client: Client) -> None:
    listed = await client.get("/api/institutions/", page_size="100")
    names = {item["name"] for item in listed.json["results"]}
    assert names >= {
        "gringotts_mx_retail",
        "erebor_co_retail",
        "heimdall_br_retail",
        "gotham_br_business",
        "ironbank_br_business",
        "ironbank_br_retail",
        "tatooine_mx_fiscal",
        "planet_mx_employment",
        "ofmockbank_br_retail",
        "belvo_mx_retail",
    }
    fiscal = await client.get("/api/institutions/", type="fiscal")
    assert [item["id"] for item in fiscal.json["results"]] == [1013]
    some = await client.get(
        "/api/institutions/", resources__allin="INVOICES,TAX_STATUS", country_code__in="MX,BR"
    )
    assert [item["name"] for item in some.json["results"]] == ["tatooine_mx_fiscal"]


async def test_an_institution_shows_its_form(client: Client) -> None:
    heimdall = (await client.get("/api/institutions/1014/")).json
    assert [item["name"] for item in heimdall["form_fields"]] == ["username", "password", "token"]
    assert heimdall["form_fields"][2]["optional"] is True
    assert heimdall["features"][0]["name"] == "token_required"
    assert heimdall["country_codes"] == ["MX"]
    ironbank = (await client.get("/api/institutions/1016/")).json
    assert [choice["code"] for choice in ironbank["form_fields"][0]["values"]] == ["999", "003"]
    planet = (await client.get("/api/institutions/9454/")).json
    assert planet["form_fields"][1]["value"] == "fake-password"
    assert (await client.get("/api/institutions/1/")).code == "not_found"


async def test_the_widget_token_takes_the_keys_in_its_body(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    body = {"id": sandbox.secret_id, "password": sandbox.secret_password, "scopes": "read_institutions"}
    nobody = {"Authorization": ""}
    answer = await client.call("POST", "/api/token/", body | {"link_id": link_id}, headers=nobody)
    assert answer.status == 200
    claims = answer.json["access"].split(".")[1]
    read = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert read["link"] == {"id": link_id, "status": "valid", "institution": "erebor_mx_retail"}
    assert read["exp"] - read["iat"] == 1200
    assert (await client.call("POST", "/api/token/", body, headers=nobody)).json.keys() == {
        "access",
        "refresh",
    }
    wrong = await client.call("POST", "/api/token/", body | {"password": "no"}, headers=nobody)
    assert (wrong.status, wrong.code) == (401, "authentication_failed")
    empty = await client.call("POST", "/api/token/", {}, headers=nobody)
    assert empty.fields == {"id": "required", "password": "required", "scopes": "required"}


def test_a_sandbox_starts_without_what_makes_data() -> None:
    code = "import sys; from belvo_async.sandbox import Sandbox; Sandbox(); print(*sys.modules)"
    modules = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert "belvo_async.sandbox._routes" in modules.split()
    assert "belvo_async.sandbox._data.endpoints" not in modules.split()
