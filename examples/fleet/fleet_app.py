"""The tasks of a fleet on procrastinate, for `compose.yaml` and `belvo-fleet-worker.service` beside it.

    pip install "belvo-async[cli,procrastinate]"
    belvo-async fleet worker --tasks fleet_app:tasks

`BELVO_BACKEND` is the address of PostgreSQL, where queue and ledger are, and `BELVO_VAULT` a directory with a
file for each link, named by its id, with the new password in it: put your own vault in its place.
"""

import logging
import os
from pathlib import Path

from procrastinate import App, PsycopgConnector

from belvo_async import LinkUpdate, fleet
from belvo_async.contrib.procrastinate import FleetTasks


def read_vault(link_id: str) -> LinkUpdate:
    """Look up the credentials of a link, right before its login."""
    return LinkUpdate(link_id, password=Path(os.environ["BELVO_VAULT"], link_id).read_text("utf-8").strip())


def tell_person(needs: fleet.NeedsToken) -> None:
    """Tell whoever has the token: yours sends a message with a link to your page."""
    kind = needs.challenge.token_generation_data.kind
    logging.getLogger("fleet").info("link %s asks for a token (%s)", needs.link_id, kind)


app = App(connector=PsycopgConnector(conninfo=os.environ["BELVO_BACKEND"]))
tasks = FleetTasks(app, credentials=read_vault, on_challenge=tell_person)
