import asyncio
import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from belvo_async import Link, SessionPool
from belvo_async.cli import _links
from belvo_async.cli._app import app
from belvo_async.cli._links import build_links
from belvo_async.sandbox import Sandbox
from tests.engine.servers import KEYS, Wire, build_answer, serve


def list_links(*options: str) -> Result:
    return CliRunner().invoke(app, ["links", "list", *options])


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


def test_an_odd_value_is_shown_as_it_came() -> None:
    link = Link(id="x", extra={"status": ["a\x1b[2J"], "last_accessed_at": 1700000000, "external_id": 42})
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(build_links([link]))
    shown = console.file.getvalue()  # type: ignore[attr-defined] # it is a StringIO
    assert [part for part in (r"['a\x1b[2J']", "1700000000", "42") if part not in shown] == []
    assert "never" not in shown
    assert json.loads(_links._write_json(link))["last_accessed_at"] == 1700000000


async def test_items_without_an_id_are_told_of() -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(b'{"results": [{"id": "x"}, {"status": "valid"}], "next": null}'))
        return True

    output, messages = Console(file=io.StringIO(), width=120), Console(file=io.StringIO(), width=120)
    async with serve(reply) as wire:
        wanted = _links.Wanted(limit=10, as_json=True)
        await _links.list_links(SessionPool(KEYS, environment=wire.url), wanted, output, messages)
    told = messages.file.getvalue()  # type: ignore[attr-defined] # it is a StringIO
    assert "1 items of the list have no readable id" in told


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
