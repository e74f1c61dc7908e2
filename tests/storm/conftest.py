from collections.abc import AsyncIterator

import pytest

from tests.storm.bank import Bank
from tests.storm.clock import TurnClock
from tests.storm.faults import Planner
from tests.storm.judge import Judge
from tests.storm.scenes import A, B, Scene, build_plan


@pytest.fixture(name="scene")
async def build_scene() -> AsyncIterator[Scene]:
    async with TurnClock() as clock:
        judge = Judge(clock.monotonic)
        planner = Planner(login=lambda _: scene.login, token=lambda _: scene.token, read=lambda _: scene.read)
        bank = Bank("1", clock, judge, planner)
        scene = Scene(clock, judge, bank, *(build_plan() for _ in range(3)))
        async with bank.server:
            bank.add_link(A)
            bank.add_link(B)
            yield scene
