"""The module of a user that `--tasks` names: their app of procrastinate, and its tasks."""

import os

from procrastinate import App, PsycopgConnector

from belvo_async import LinkUpdate, fleet
from belvo_async.contrib.procrastinate import FleetTasks


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password=os.environ.get("VAULT", "new"))


def tell(needs: fleet.NeedsToken) -> None:
    print("asked:", needs.link_id, flush=True)  # noqa: T201 - to the test


app = App(connector=PsycopgConnector(conninfo=os.environ["QUEUE"], max_size=4))
tasks: fleet.TaskQueue = FleetTasks(app, credentials=read_vault, on_challenge=tell)
