"""One step of a link in a process of its own: prints what it came to, and the trace of each of its spans.

`python -m tests.contrib.fleet_step DATABASE URL ID PASSWORD LINK [TOKEN]`
"""

import asyncio
import json
import sys

from belvo_async import Credentials, LinkUpdate, SessionPool, fleet
from tests.contrib.telemetry import open_telemetry


def read_vault(link_id: str) -> LinkUpdate:
    return LinkUpdate(link_id, password="correct horse battery staple")


async def main(path: str, url: str, secret_id: str, secret_password: str, link_id: str, *token: str) -> None:
    keys = Credentials(secret_id, secret_password)
    with open_telemetry() as telemetry:
        async with SessionPool(keys, environment=url, backend=path, observer=telemetry.observe()) as pool:
            step = await fleet.advance(
                pool, job="november", link_id=link_id, credentials=read_vault, token=next(iter(token), None)
            )
        traces = {
            span.name: f"{span.context.trace_id:032x}"
            for span in telemetry.exporter.get_finished_spans()
            if span.context
        }
    print(json.dumps([type(step).__name__, traces]))  # noqa: T201 - to the test


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
