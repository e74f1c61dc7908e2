"""What the sandbox's own log says about safety: a second witness beside the client that is on trial."""

from collections import Counter
from collections.abc import Iterable

from attrs import frozen

from belvo_async.sandbox import Received, Sandbox


@frozen(kw_only=True)
class SandboxChecks:
    """The counts of one run, all taken from the bank's side."""

    logins: int
    links: int
    overlapping: int
    """Logins that came while another one of the same link was in flight."""
    answers: int
    """Tokens and confirmations that the bank was sent."""
    answered_twice: int
    """Answers that were sent more than once for one challenge."""
    repeated_after_loss: int
    """Logins of links whose reply was lost, beyond the first."""

    @property
    def holds(self) -> bool:
        """Whether nothing happened that must not happen."""
        return not (self.overlapping or self.answered_twice or self.repeated_after_loss)


def read_checks(sandbox: Sandbox) -> SandboxChecks:
    """Read the sandbox's log."""
    log = sandbox.log
    answers = _count_answers(log)
    lost = [entry.link_id for entry in log if entry.login and entry.fault is not None and entry.link_id]
    return SandboxChecks(
        logins=sandbox.logins(),
        links=len({entry.link_id for entry in log if entry.login}),
        overlapping=sandbox.overlapping_logins,
        answers=answers.total(),
        answered_twice=sum(count - 1 for count in answers.values()),
        repeated_after_loss=sum(sandbox.logins(link_id) - 1 for link_id in set(lost)),
    )


def count_in_flight(sandbox: Sandbox) -> int:
    """Count the requests that the sandbox has taken in and not answered yet."""
    return sum(entry.status is None and entry.fault is None for entry in sandbox.log)


def _count_answers(log: Iterable[Received]) -> Counter[tuple[object, object]]:
    bodies = (entry.body for entry in log if entry.method == "PATCH" and entry.body is not None)
    return Counter((body["session"], body.get("token")) for body in bodies if "session" in body)
