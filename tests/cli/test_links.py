import asyncio
import json

import pytest

from belvo_async.sandbox import Sandbox
from tests.engine.servers import KEYS, Wire, build_answer, serve

from .command import Result, run_command


def list_links(*options: str) -> Result:
    return run_command("links", "list", *options)


async def list_answer(monkeypatch: pytest.MonkeyPatch, answer: str, *options: str) -> Result:
    """List links of a server that always gives this answer."""

    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(answer.encode()))
        return True

    async with serve(reply) as wire:
        monkeypatch.setenv("BELVO_SECRET_ID", KEYS.secret_id)
        monkeypatch.setenv("BELVO_SECRET_PASSWORD", KEYS.secret_password)
        monkeypatch.setenv("BELVO_ENVIRONMENT", wire.url)
        return await asyncio.to_thread(list_links, *options)


def test_links_are_a_table_whose_ids_are_whole(sandbox: Sandbox) -> None:
    ids = [sandbox.add_link(), sandbox.add_link(status="unconfirmed", external_id="user-1")]
    result = list_links()
    assert result.exit_code == 0
    assert all(link_id in result.stdout for link_id in ids)
    assert "never" in result.stdout
    assert "user-1" in result.stdout
    assert "2 links." in result.stderr


def test_links_are_filtered(sandbox: Sandbox) -> None:
    wanted = [sandbox.add_link(status="invalid"), sandbox.add_link(status="token_required")]
    sandbox.add_link(status="valid")
    sandbox.add_link(status="invalid", institution="gotham_br_business")
    result = list_links(
        "--status", "invalid", "--status", "token_required", "--institution", "erebor_mx_retail", "--json"
    )
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == wanted


def test_json_lines_hold_all_that_is_known(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link()
    (line,) = list_links("--json").stdout.splitlines()
    link = json.loads(line)
    assert (link["id"], link["status"], link["access_mode"]) == (link_id, "valid", "recurrent")
    assert link["created_at"].endswith("+00:00")
    assert "extra" not in link


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_an_odd_value_is_shown_as_it_came(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    odd = '{"id": "x", "status": ["a\\u001b[2J"], "last_accessed_at": 1700000000, "external_id": 42}'
    result = await list_answer(monkeypatch, f'{{"results": [{odd}], "next": null}}', *options)
    shown = result.stdout
    if options:
        link = json.loads(shown)
        assert (link["status"], link["last_accessed_at"], link["external_id"]) == (
            ["a\x1b[2J"],
            1700000000,
            42,
        )
    else:
        assert [part for part in (r"['a\x1b[2J']", "1700000000", "42") if part not in shown] == []
        assert "never" not in shown


async def test_items_without_an_id_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = '{"results": [{"id": "x"}, {"status": "valid"}], "next": null}'
    result = await list_answer(monkeypatch, answer, "--json")
    assert "1 items of the list have no readable id" in result.stderr


@pytest.mark.parametrize("limit", [1, 12, 25])
def test_the_limit_holds_over_pages(sandbox: Sandbox, limit: int) -> None:
    for _ in range(25):
        sandbox.add_link()
    assert len(list_links("--json", "--limit", str(limit)).stdout.splitlines()) == limit


def test_a_reached_limit_is_told(sandbox: Sandbox) -> None:
    sandbox.add_link()
    assert "there may be more" in list_links("--limit", "1").stderr


@pytest.mark.usefixtures("sandbox")
def test_no_links_are_no_table() -> None:
    result = list_links()
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No links.\n")
