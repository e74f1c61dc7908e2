"""What the sandbox's own log says about safety: a second witness beside the client that is on trial."""

from collections import Counter
from typing import Final

from attrs import frozen

from belvo_async.sandbox import Sandbox

MUST_BE_0: Final = "must be 0"


@frozen
class SandboxCount:
    """One count, taken from the bank's side."""

    name: str
    count: int
    note: str

    @property
    def holds(self) -> bool:
        """Whether nothing happened that must not happen."""
        return not self.count or self.note != MUST_BE_0


def read_checks(sandbox: Sandbox) -> tuple[SandboxCount, ...]:
    """Read the sandbox's log."""
    log = sandbox.log
    links = {entry.link_id for entry in log if entry.login}
    bodies = (entry.body for entry in log if entry.method == "PATCH" and entry.body is not None)
    answers = Counter((body["session"], body.get("token")) for body in bodies if "session" in body)
    lost = {entry.link_id for entry in log if entry.login and entry.fault is not None and entry.link_id}
    repeated = sum(sandbox.logins(link_id) - 1 for link_id in lost)
    return (
        SandboxCount("logins that reached the bank", sandbox.logins(), f"for {len(links)} links"),
        SandboxCount("challenges answered", answers.total(), ""),
        SandboxCount("overlapping logins of one link", sandbox.overlapping_logins, MUST_BE_0),
        SandboxCount("tokens sent twice", answers.total() - len(answers), MUST_BE_0),
        SandboxCount("logins repeated after a lost reply", repeated, MUST_BE_0),
    )
