"""The tasks of a user's application, as `--tasks tests.cli.fleet_app:tasks` names them."""

import os

from procrastinate import App, PsycopgConnector

from belvo_async import LinkUpdate, fleet
from belvo_async.contrib.procrastinate import FleetTasks


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password="correct horse battery staple")


def tell(needs: fleet.NeedsToken) -> None:
    print("asked", needs.link_id, flush=True)  # noqa: T201 - to the test


app = App(connector=PsycopgConnector(conninfo=os.environ["QUEUE_DSN"], max_size=4))
tasks = FleetTasks(app, credentials=read_vault, on_challenge=tell)
