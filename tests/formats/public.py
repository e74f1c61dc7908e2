"""Every public error, and every public value that may leave the process."""

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from typing import Any, Final

import attrs

import belvo_async
from belvo_async import backends, bulk, errors, mfa, models, params, telemetry
from belvo_async.errors import ApiError, BelvoError, ChallengeError, ErrorDetail, TokenRequiredError
from tests.formats.values import NOON, STATES, build_challenge, name_link

DETAILS: Final = (
    ErrorDetail(code="duplicated", message="Exists", request_id="r1", field="link", extra={"user": ["u"]}),
    ErrorDetail(code="blank"),
)
KEPT_HOME: Final = frozenset(
    {
        *(
            "ClientIdentity",
            "Credentials",
            "HttpRequest",
            "HttpResponse",
            "LinkRegistration",
            "LinkUpdate",
            "Network",
            "WidgetToken",
        ),
        *("Resuming", "TokenGiven"),
    }
)
"""Classes of values that hold a secret, or what is made of one."""
LINK: Final = belvo_async.Link(
    id=name_link(1),
    institution="erebor_mx_retail",
    access_mode=belvo_async.models.AccessMode.RECURRENT,
    status=belvo_async.models.LinkStatus("of_tomorrow"),
    refresh_rate="7d",
    created_by="somebody",
    last_accessed_at=NOON,
    created_at=NOON - timedelta(days=30),
    external_id="user 7",
    institution_user_id="u",
    credentials_storage="365d",
    stale_in="90d",
    fetch_resources=("ACCOUNTS", "OWNERS"),
    extra={"of_tomorrow": [1]},
)
INSTITUTION: Final = belvo_async.models.Institution(
    name="erebor_mx_retail",
    id=7,
    type="bank",
    display_name="Erebor",
    status="healthy",
    website="https://erebor.example",
    country_codes=("MX",),
    primary_color="#056dae",
    logo="a",
    icon_logo="b",
    text_logo="c",
    integration_type="credentials",
    resources=("ACCOUNTS",),
    form_fields=({"name": "username"},),
    features=({"name": "token_required"},),
    extra={"of_tomorrow": True},
)
_LOGIN: Final[dict[str, Any]] = {
    "operation": "update",
    "link_id": name_link(1),
    "error": "ServerError",
    "code": "unexpected_error",
}
_CLOSED: Final[dict[str, Any]] = {"link_id": name_link(1), "kind": belvo_async.models.ChallengeKind.QR}
_REQUEST: Final[dict[str, Any]] = {"method": "PUT", "path": "/api/links/", "link_id": name_link(1)}
_COUNTS: Final = backends.LinkCounts(
    by_state={backends.LinkState.UPDATED: 3},
    by_institution={"erebor_mx_retail": {backends.LinkState.UPDATED: 3}},
    by_code={"login_error": 1},
    next_expiry=NOON,
    held_back=2,
    ended=4,
)


def find_errors() -> dict[str, type[BelvoError]]:
    """Return the public classes of errors by their names."""
    found = [thing for module in (errors, mfa) for thing in vars(module).values() if isinstance(thing, type)]
    return {kind.__name__: kind for kind in found if issubclass(kind, BelvoError)}


def build_error(kind: type[BelvoError]) -> BelvoError:
    """Return an error of this class with a value in every field."""
    more: dict[str, Any] = {}
    if issubclass(kind, ApiError):
        more["retry_after"] = 12.5
    if issubclass(kind, ChallengeError):
        more["state"] = STATES["unknown_extras"]
    if issubclass(kind, errors.LinkBusyError | errors.PoolBusyError):
        more["seconds"] = 330.0
    if issubclass(kind, errors.OutcomeUnknownError):
        more["sent_at"] = NOON
    error = kind("It broke.", remedy="Mend it.", status=400, details=DETAILS, link_id=name_link(1), **more)
    if isinstance(error, TokenRequiredError | errors.ChallengeSupersededError):
        error.ticket = "t" * 32
    return error


def list_values() -> Iterator[object]:
    """Yield values of every public class that may be pickled, with a value in every field."""
    yield from STATES.values()
    yield from (build_challenge(), LINK, INSTITUTION, *DETAILS)
    yield belvo_async.models.DataModel(extra={"new": 1})
    yield belvo_async.models.Page(
        results=(LINK,), unreadable=({"id": None},), count=2, next="n", previous="p"
    )
    yield belvo_async.models.AcceptedRequest(request_id="r1")
    yield from _list_shared()
    yield belvo_async.LinkChanges(stale_in="90d")
    yield build_challenge().token_generation_data
    yield build_challenge().resume_target
    yield belvo_async.models.Picture(media_type="image/png", data=b"\x89PNG")
    yield from _list_stored()
    yield from _list_observations()
    yield from _list_settings()
    yield from _list_of_machine()
    yield from _list_of_jobs()
    yield from _list_enums()


def _list_shared() -> Iterator[object]:
    window = backends.WindowStatus(
        counted="requests",
        server="https://api.belvo.com",
        egress="nat-1",
        starts=12,
        size=80,
        span=30.5,
        waiting=2,
        pause=1.5,
    )
    lease = backends.LeaseStatus(link_id=name_link(1), phase=backends.LeasePhase.SENT, seconds=330.0)
    yield backends.Moment(1000.0, 900.0)
    yield from (
        window,
        lease,
        backends.BackendStatus(windows=(window,), leases=(lease,), quarantine=1.5),
    )


def _list_stored() -> Iterator[object]:
    yield belvo_async.backends.ChallengeRow(
        key="k",
        owner="o",
        link="l",
        phase=belvo_async.models.ChallengePhase.OPEN,
        version=3,
        expires_at=NOON,
        keep_until=NOON + timedelta(days=1),
        record="{}",
    )
    yield belvo_async.ParkedChallenge(
        ticket="t",
        challenge=build_challenge(),
        phase=belvo_async.models.ChallengePhase.REFUSED,
        expires_at=NOON,
        parked_at=NOON,
        attempts=1,
        institution="erebor_mx_retail",
        reference="user 7",
        answered_at=NOON,
        code="login_error",
        message="Invalid",
    )


def _list_observations() -> Iterator[object]:
    ending = belvo_async.telemetry.ChallengeEnding.ANSWERED
    yield belvo_async.telemetry.AbandonedLoginEnded(**_LOGIN)
    yield belvo_async.telemetry.LoginEnded(**_LOGIN, seconds=1.5)
    yield belvo_async.telemetry.LoginStarted(operation="register", link_id=None)
    yield belvo_async.telemetry.StepStarted(job="november", link_id=name_link(1))
    yield belvo_async.telemetry.StepEnded(
        job="november", link_id=name_link(1), seconds=1.5, result="updated", error=None
    )
    yield belvo_async.telemetry.LoginSettled(link_id=name_link(1), succeeded=True)
    yield belvo_async.telemetry.ChallengeReceived(**_CLOSED, expiry=600.0, request_id="r1")
    yield belvo_async.telemetry.ChallengeClosed(**_CLOSED, ending=ending, seconds=1.5)
    yield belvo_async.telemetry.ExchangeEnded(
        **_REQUEST, status=500, seconds=1.5, waited=0.5, server="https://api.belvo.com", error="ServerError"
    )
    yield belvo_async.telemetry.RetryPlanned(
        **_REQUEST, request_id="r1", reason="ServerError", attempt=1, seconds=1.5
    )
    yield belvo_async.telemetry.PoolPaused(status=403, seconds=30.0)
    yield belvo_async.telemetry.ParkedChallengeChanged(
        key="k", phase=belvo_async.models.ChallengePhase.OPEN, seconds=1.5
    )
    yield belvo_async.telemetry.ParkedChallengeTroubled(key="k", problem="it cannot be read")


def _list_settings() -> Iterator[object]:
    yield belvo_async.Concurrency(total=7, per_institution=3)
    yield belvo_async.RateLimit(requests=40, window=15.0, margin=0.5, burst=4)
    yield belvo_async.RetryPolicy(retries=1)
    yield belvo_async.Timeouts(connect=1.0, read=2.0, login=3.0)
    yield belvo_async.MfaPolicy(max_rounds=2, restarts=1, resume_route=mfa.ResumeRoute.PUT_LINK)
    queue = belvo_async.telemetry.QueueLoad(waiting=1, seconds=1.5)
    yield from (queue, belvo_async.telemetry.PoolLoad(answers=queue, calls=queue, jobs=queue, paused=0.5))


def _list_of_machine() -> Iterator[object]:
    error = build_error(errors.LoginFailedError)
    yield mfa.Submitting(rounds=1, restarts=2, update_digest="d")
    yield from (mfa.Completed(result=LINK), mfa.Accepted(LINK), mfa.Challenged(build_challenge(), at=1.5))
    yield from (mfa.Failed(error=error), mfa.Rejected(error), mfa.Declined(), mfa.Expired())


def _list_of_jobs() -> Iterator[object]:
    unknown = errors.OutcomeUnknownError("Nobody knows.", link_id=name_link(1), sent_at=NOON)
    refused = build_error(errors.LoginFailedError)
    yield bulk.Updated(link_id=name_link(1), link=LINK)
    yield bulk.Parked(link_id=name_link(1), ticket="t", challenge=build_challenge(), expires_at=NOON)
    yield bulk.NotUpdated(link_id=name_link(1), error=refused, may_retry=True, retry_at=NOON)
    yield bulk.Unsettled(link_id=name_link(1), error=unknown)
    yield bulk.JobLimits(look_ahead=5, link_deadline=60.0)
    yield bulk.StopRule(failures=1, share=0.5, of_last=10)
    yield backends.LinkRow(
        link_id=name_link(1), state=backends.LinkState.REFUSED, at=NOON, logins=2, refused=("a", "b")
    )
    key = backends.JobKey("o", "november")
    job = backends.JobRow(
        key=key,
        environment="https://api.belvo.com",
        runs=2,
        started_at=NOON,
        ended_at=NOON,
        reason="r",
        total=9,
    )
    status = backends.JobStatus(
        job=job,
        is_running=True,
        counts=_COUNTS,
        finished_per_minute=1.5,
        challenges={belvo_async.models.ChallengePhase.OPEN: 1},
    )
    yield backends.Purged(jobs=1, challenges=2)
    yield from (_COUNTS, _build_report(), key, job, status)
    yield from _list_of_retrievals(refused)


def _list_of_retrievals(refused: BelvoError) -> Iterator[object]:
    row = belvo_async.models.DataModel(extra={"new": 1})
    yield bulk.Retrieved(link_id=name_link(1), rows=(row,))
    yield bulk.NotRetrieved(link_id=name_link(1), error=refused, may_retry=True, retry_at=NOON)
    yield bulk.JobLimits(max_waiting_rows=7)
    yield bulk.JobReport(purpose="retrieve /api/owners/", retrieved=3, rows=12)
    state = backends.LinkState.RETRIEVED
    yield backends.LinkRow(link_id=name_link(1), state=state, at=NOON)
    yield backends.OutputEnd(2**40, "0123456789abcdef" * 2)
    yield backends.JobRow(
        key=backends.JobKey("o", "november"),
        environment="https://api.belvo.com",
        runs=2,
        started_at=NOON,
        purpose="retrieve /api/owners/",
        output_end=backends.OutputEnd(2**40, "0123456789abcdef" * 2),
    )


def _build_report() -> bulk.JobReport:
    return bulk.JobReport(
        total=9,
        read=8,
        repeated=1,
        skipped=2,
        updated=3,
        by_institution={"erebor_mx_retail": {"updated": 3}},
        by_code={"login_error": 1},
        elapsed=1.5,
        rate=2.5,
        next_expiry=NOON,
        stopped="it was stopped",
    )


def _list_enums() -> Iterator[object]:
    for kind in find_classes(Enum):
        yield from kind


def find_classes(parent: type) -> list[Any]:
    """Return the public subclasses of *parent*; with `object`, those whose fields are declared."""
    found = {
        thing
        for module in (belvo_async, backends, bulk, errors, mfa, models, params, telemetry)
        for name, thing in vars(module).items()
        if not name.startswith("_") and isinstance(thing, type) and thing.__module__.startswith("belvo_async")
        if (attrs.has(thing) if parent is object else issubclass(thing, parent))
    }
    return sorted(found, key=lambda kind: kind.__name__)
