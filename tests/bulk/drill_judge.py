"""What a drill may not show: judges what the banks saw, what the journal says, and what was handed out."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from belvo_async.backends import LinkRow, LinkState
from belvo_async.sandbox import Received


@frozen(kw_only=True)
class Evidence:
    """All that is known after a drill."""

    links: frozenset[str]
    """The links of the job."""
    log: Sequence[Received]
    """What the sandbox received."""
    successes: Sequence[tuple[str, datetime]]
    """Each login that succeeded at a bank, whatever became of its answer: the link, and when."""
    overlaps: int
    """Logins that came while another one of the same link was in flight."""
    records: Sequence[LinkRow]
    """The journal."""
    delivered: Sequence[tuple[str, str]]
    """The outcomes that the runs handed out, in order: the link, and its state."""
    is_retried: bool = False
    """Whether runs were told to try again what had ended: then a link may have several logins."""
    login: str = "PUT"
    """The method of a login."""
    done: LinkState = LinkState.UPDATED
    """The state of a link whose login has done what the job is for."""
    output: Mapping[str, Sequence[str]] | None = None
    """Where the job retrieves data: the ids of the rows in its output, by the link that each line names."""
    stored: Mapping[str, Sequence[str]] = field(factory=dict)
    """The ids of the rows that the bank has given, by their links."""


Rule: TypeAlias = Callable[[Evidence], Iterator[str]]


def judge(evidence: Evidence) -> list[str]:
    """Return every offence."""
    return [offence for rule in RULES for offence in rule(evidence)]


def is_refused_by_edge(entry: Received) -> bool:
    """Whether the client was told that nobody took its request: the only answer that allows a repeat."""
    return entry.fault == "html" and entry.status == 403


def group_by_link(log: Sequence[Received], method: str) -> Mapping[str, list[Received]]:
    groups = defaultdict[str, list[Received]](list)
    for entry in log:
        if entry.method == method and entry.link_id is not None:
            groups[entry.link_id].append(entry)
    return groups


def find_strangers(evidence: Evidence) -> Iterator[str]:
    """Only links of the job are logged in, by requests that were waited for."""
    for entry in evidence.log:
        if entry.method in (evidence.login, "PATCH") and entry.link_id not in evidence.links:
            yield f"a stranger was logged in: {entry.link_id}"
        if entry.status is None and entry.fault is None:
            yield f"{entry.link_id}: judged too early"


def find_repeated_logins(evidence: Evidence) -> Iterator[str]:
    """A login is sent again only after the edge said that it had not let it in.

    The client cannot tell a reset before the bank took the request from one after it: neither is repeated.
    """
    for link_id, logins in group_by_link(evidence.log, evidence.login).items():
        for earlier in logins[:-1]:
            if not is_refused_by_edge(earlier) and not evidence.is_retried:
                yield f"{link_id}: another login after {earlier.fault or earlier.status}"


def find_logins_after_success(evidence: Evidence) -> Iterator[str]:
    """No login reaches a bank where one has succeeded, be it that nobody heard of it."""
    succeeded = dict(evidence.successes)
    for link_id, count in Counter(link_id for link_id, _ in evidence.successes).items():
        if count > 1:
            yield f"{link_id}: {count} logins succeeded"
    for entry in evidence.log:
        at = succeeded.get(entry.link_id or "")
        if at is not None and entry.method in (evidence.login, "PATCH") and entry.at > at:
            yield f"{entry.link_id}: {entry.method} after a success"


def find_overlaps(evidence: Evidence) -> Iterator[str]:
    """No two logins of one link at one time."""
    if evidence.overlaps:
        yield f"{evidence.overlaps} logins overlapped"


def find_repeated_answers(evidence: Evidence) -> Iterator[str]:
    """A challenge is answered once, and a token is sent once: also where the edge refused it."""
    sessions = Counter[object]()
    tokens = Counter[object]()
    for entry in evidence.log:
        if entry.method != "PATCH" or entry.body is None:
            continue
        sessions[entry.body["session"]] += 1
        tokens[entry.body["session"], entry.body.get("token")] += 1
        if str(entry.body.get("token")).startswith("wrong-"):  # no two people type the same one
            tokens[entry.body["token"]] += 1
    yield from (
        f"session {session}: answered {count} times" for session, count in sessions.items() if count > 1
    )
    yield from (f"token {token}: sent {count} times" for token, count in tokens.items() if count > 1)


def find_unfinished(evidence: Evidence) -> Iterator[str]:
    """Every link has one row, and it is final."""
    rows = Counter(record.link_id for record in evidence.records)
    yield from (f"{link_id}: no row" for link_id in sorted(evidence.links - rows.keys()))
    yield from (f"{link_id}: a row too many" for link_id in sorted(rows.keys() - evidence.links))
    yield from (f"{link_id}: {count} rows" for link_id, count in rows.items() if count > 1)
    for record in evidence.records:
        if not record.state.is_final:
            yield f"{record.link_id}: still {record.state}"


def find_lies(evidence: Evidence) -> Iterator[str]:
    """The journal says that a link is done where a bank does, and never `refused` or `parked` there."""
    succeeded = {link_id for link_id, _ in evidence.successes}
    for record in evidence.records:
        has_succeeded = record.link_id in succeeded
        if record.state is evidence.done and not has_succeeded:
            yield f"{record.link_id}: {record.state}, but no bank knows of it"
        if record.state in (LinkState.REFUSED, LinkState.PARKED) and has_succeeded:
            yield f"{record.link_id}: {record.state}, but its login succeeded"


def find_unannounced(evidence: Evidence) -> Iterator[str]:
    """Each login was in the journal before it was at the sandbox."""
    announced = {record.link_id: record.logins for record in evidence.records}
    for link_id, logins in group_by_link(evidence.log, evidence.login).items():
        if len(logins) > announced.get(link_id, 0):
            yield f"{link_id}: {len(logins)} logins, {announced.get(link_id, 0)} announced"


def find_contradictions(evidence: Evidence) -> Iterator[str]:
    """A link is handed out once, and as the journal has it."""
    states = {record.link_id: str(record.state) for record in evidence.records}
    handed_out = defaultdict[str, list[str]](list)
    for link_id, state in evidence.delivered:
        handed_out[link_id].append(state)
    for link_id, seen in handed_out.items():
        if evidence.done in seen[:-1] or (len(seen) > 1 and not evidence.is_retried):
            yield f"{link_id}: handed out as {', '.join(seen)}"
        elif seen[-1] != states.get(link_id) and not evidence.is_retried:
            yield f"{link_id}: handed out as {seen[-1]}, but it is {states.get(link_id)}"


def find_wrong_output(evidence: Evidence) -> Iterator[str]:
    """The output has each row of each link that is done, once, and none of others."""
    if evidence.output is None:
        return
    done = {record.link_id for record in evidence.records if record.state is evidence.done}
    for link_id, rows in evidence.output.items():
        if link_id not in done:
            yield f"{link_id}: {len(rows)} rows in the output, and it is not done"
    for link_id in done:
        if Counter(evidence.output.get(link_id, ())) != Counter(evidence.stored.get(link_id, ())):
            yield f"{link_id}: other rows in the output than the bank has given"


RULES: Final[tuple[Rule, ...]] = (
    find_strangers,
    find_repeated_logins,
    find_logins_after_success,
    find_overlaps,
    find_repeated_answers,
    find_unfinished,
    find_lies,
    find_unannounced,
    find_contradictions,
    find_wrong_output,
)


def count_missed(evidence: Evidence) -> int:
    """Count the links that a bank knows as updated, and the journal as unsettled: a look could have told."""
    unsettled = {record.link_id for record in evidence.records if record.state is LinkState.UNSETTLED}
    return len(unsettled & {link_id for link_id, _ in evidence.successes})


def find_changed(earlier: Sequence[LinkRow], later: Sequence[LinkRow]) -> list[str]:
    """Return the links that had ended, and have changed since."""
    now = {record.link_id: evolve(record, run=0) for record in later}
    return [
        f"{record.link_id}: was {record.state}, then {getattr(now.get(record.link_id), 'state', 'gone')}"
        for record in earlier
        if record.state.is_final and now.get(record.link_id) != evolve(record, run=0)
    ]
