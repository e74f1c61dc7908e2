import io
import re

import pytest
from attrs import evolve
from rich.console import Console

from belvo_async.cli._demo import run, users
from belvo_async.cli._demo.checks import SandboxChecks
from belvo_async.cli._demo.users import PERSONAS, DemoCustomer, Manner, Outcome, gather_users
from belvo_async.cli._exit_codes import ExitCode

from .processes import pipe

SAFE = SandboxChecks(logins=1, links=1, overlapping=0, answers=1, answered_twice=0, repeated_after_loss=0)


def gather_hasty_crowd(links: int, seed: int) -> tuple[DemoCustomer, ...]:
    return tuple(
        customer if customer.persona.manner is Manner.LATE else evolve(customer, think_seconds=0.01)
        for customer in gather_users(links, seed)
    )


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "gather_users", gather_hasty_crowd)
    monkeypatch.setattr(run, "_LOGIN_SECONDS", 0.05)


async def play(links: int, *, plain: bool = True) -> tuple[ExitCode, str]:
    console = Console(
        file=io.StringIO(), width=120, force_terminal=not plain, color_system=None, markup=False
    )
    code = await run.run_demo(console, links=links, job_links=0, seed=3, plain=plain)
    return code, console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO


@pytest.mark.usefixtures("hasty")
async def test_every_story_ends_as_it_must() -> None:
    code, text = await play(len(PERSONAS))
    assert code is ExitCode.OK
    assert "embedded sandbox" in text
    for persona in PERSONAS:
        assert persona.outcome in text
    for name in ("overlapping logins of one link", "tokens sent twice", "logins repeated after a lost reply"):
        assert re.search(rf"{name} +0 +must be 0", text)


@pytest.mark.usefixtures("hasty")
async def test_a_terminal_shows_a_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "PERSONAS", (PERSONAS[0], PERSONAS[2]))
    code, text = await play(12, plain=False)
    assert code is ExitCode.OK
    assert "updating links, one session pool" in text
    assert "12/12 links" in text


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("count", ["overlapping", "answered_twice", "repeated_after_loss"])
async def test_a_count_that_must_be_nought_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, count: str
) -> None:
    monkeypatch.setattr(users, "PERSONAS", (PERSONAS[0],))
    monkeypatch.setattr(run, "read_checks", lambda _: evolve(SAFE, **{count: 1}))
    code, text = await play(1)
    assert code is ExitCode.FAILED
    assert "NOT SAFE" in text


@pytest.mark.usefixtures("hasty")
async def test_another_end_than_planned_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "PERSONAS", (evolve(PERSONAS[0], outcome=Outcome.REFUSED),))
    code, text = await play(1)
    assert code is ExitCode.FAILED
    assert "did not end as" in text


def test_the_shares_are_of_a_hundred() -> None:
    assert sum(persona.share for persona in PERSONAS) == 100


def test_the_same_seed_draws_the_same_crowd() -> None:
    assert gather_users(50, 1) == gather_users(50, 1)
    assert gather_users(50, 1) != gather_users(50, 2)


def count_states(text: str) -> dict[str, int]:
    states = "updated|not updated|not started|challenge open|outcome unknown"
    return {name: int(count) for name, count in re.findall(rf"^  ({states}) +(\d+)", text, re.MULTILINE)}


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_tells_the_state_of_every_link(presses: int) -> None:
    with pipe("demo", "--links", "400") as conversation:
        conversation.expect("open challenges")
        for word in ("Stopping", "Cutting off")[:presses]:
            conversation.press_ctrl_c()
            conversation.expect(word)
        assert conversation.finish() == 130
    states = count_states(conversation.text)
    assert sum(states.values()) == 400
    assert {"updated", "challenge open"} <= states.keys()
    assert "Traceback" not in conversation.text
    assert re.search(r"tokens sent twice +0", conversation.text)
