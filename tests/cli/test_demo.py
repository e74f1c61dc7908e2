"""The demo, with people who think for a moment only, and with ends that no sandbox has: hence inside it."""

import io
import re

import pytest
from attrs import evolve
from rich.console import Console

from belvo_async.cli._demo import people, run
from belvo_async.cli._demo.checks import SandboxCount, read_checks
from belvo_async.cli._demo.people import STORIES, Person, draw_people
from belvo_async.errors import LoginFailedError
from belvo_async.sandbox import Sandbox

from .processes import pipe


def draw_hasty_people(links: int, seed: int) -> list[Person]:
    return [
        person if person.story.patience > 1 else evolve(person, think_seconds=0.01)
        for person in draw_people(links, seed)
    ]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "draw_people", draw_hasty_people)
    monkeypatch.setattr(run, "_LOGIN_SECONDS", 0.05)


async def play(links: int, *, plain: bool = True) -> tuple[int, str]:
    console = Console(
        file=io.StringIO(), width=120, force_terminal=not plain, color_system=None, markup=False
    )
    code = await run.run_demo(console, links=links, job_links=0, seed=3, plain=plain)
    return code, console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO


@pytest.mark.usefixtures("hasty")
async def test_every_story_ends_as_it_must() -> None:
    code, text = await play(len(STORIES))
    assert code == 0, text
    assert "embedded sandbox" in text
    for story in STORIES:
        assert story.ending in text
    for name in ("overlapping logins of one link", "tokens sent twice", "logins repeated after a lost reply"):
        assert re.search(rf"{name} +0 +must be 0", text)


@pytest.mark.usefixtures("hasty")
async def test_a_terminal_shows_a_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "STORIES", (STORIES[0], STORIES[1]))
    code, text = await play(12, plain=False)
    assert code == 0
    assert "refreshing links" in text
    assert "12 of 12 links" in text


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("name", ["overlapping logins", "tokens sent twice", "logins repeated"])
async def test_a_count_that_must_be_nought_fails_the_demo(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def read_worse_checks(sandbox: Sandbox) -> list[SandboxCount]:
        return [
            evolve(check, count=1) if check.name.startswith(name) else check for check in read_checks(sandbox)
        ]

    monkeypatch.setattr(people, "STORIES", (STORIES[0],))
    monkeypatch.setattr(run, "read_checks", read_worse_checks)
    code, text = await play(1)
    assert code == 1
    assert "NOT SAFE" in text


@pytest.mark.usefixtures("hasty")
async def test_another_end_than_planned_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "STORIES", (evolve(STORIES[0], errors=(LoginFailedError,)),))
    code, text = await play(1)
    assert code == 1
    assert "did not end as" in text


def test_the_shares_are_of_a_hundred() -> None:
    assert sum(story.share for story in STORIES) == 100


def test_the_same_seed_draws_the_same_people() -> None:
    assert draw_people(50, 1) == draw_people(50, 1)
    assert draw_people(50, 1) != draw_people(50, 2)


def count_states(text: str) -> dict[str, int]:
    states = "updated|not updated|not started|challenge open|outcome unknown"
    return {name: int(count) for name, count in re.findall(rf"^  ({states}) +(\d+)", text, re.MULTILINE)}


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_tells_the_state_of_every_link(presses: int) -> None:
    with pipe("demo", "--links", "400") as conversation:
        conversation.expect("asking")
        for word in ("Stopping", "Cutting off")[:presses]:
            conversation.press_ctrl_c()
            conversation.expect(word)
        assert conversation.finish() == 130
    states = count_states(conversation.text)
    assert sum(states.values()) == 400
    assert {"updated", "challenge open"} <= states.keys()
    assert "Traceback" not in conversation.text
    assert re.search(r"tokens sent twice +0", conversation.text)
