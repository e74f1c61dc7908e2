"""Every code of Belvo's error reference becomes the error that a caller can act on."""

import pytest

from belvo_async import errors
from belvo_async.errors import (
    AccessDeniedError,
    ActivationRequiredError,
    ApiError,
    AuthenticationError,
    BelvoError,
    DuplicatedLinkError,
    InstitutionUnavailableError,
    LinkStateError,
    LoginFailedError,
    NotFoundError,
    RateLimitedError,
    RequestInvalidError,
    RequestTimeoutError,
    ServerError,
    SessionExpiredError,
    TooManySessionsError,
    TryLaterError,
)
from tests.pure.bodies import LINK_ID, READ_REQUEST, REQUEST_ID, answer, error_of, refusal, rejected

CODES: list[tuple[int, str, type[ApiError]]] = [
    (400, "login_error", LoginFailedError),
    (400, "invalid_credentials", LoginFailedError),
    (400, "too_many_sessions", TooManySessionsError),
    (400, "session_expired", SessionExpiredError),
    (400, "session_expired_ob", SessionExpiredError),
    (400, "invalid_link", LinkStateError),
    (400, "unconfirmed_link", LinkStateError),
    (400, "duplicated", DuplicatedLinkError),
    (400, "institution_down", InstitutionUnavailableError),
    (400, "institution_unavailable", InstitutionUnavailableError),
    (400, "institution_inactive", InstitutionUnavailableError),
    (400, "activation_failed", ActivationRequiredError),
    (400, "unavailable_data", TryLaterError),
    (400, "operational_limits_reached", TryLaterError),
    (400, "unsupported_operation", RequestInvalidError),
    (400, "required", RequestInvalidError),
    (400, "null", RequestInvalidError),
    (400, "blank", RequestInvalidError),
    (400, "does_not_exist", RequestInvalidError),
    (400, "invalid", RequestInvalidError),
    (400, "invalid_choice", RequestInvalidError),
    (400, "not_a_list", RequestInvalidError),
    (400, "parse_error", RequestInvalidError),
    (400, "max_digits", RequestInvalidError),
    (400, "max_decimal_places", RequestInvalidError),
    (400, "min_value", RequestInvalidError),
    (400, "validation_error", RequestInvalidError),
    (400, "invalid_period", RequestInvalidError),
    (400, "invalid_credentials_storage", RequestInvalidError),
    (400, "invalid_fetch_resources", RequestInvalidError),
    (400, "already_exists", RequestInvalidError),
    (400, "cancellation_error", RequestInvalidError),
    (400, "idempotency_key_invalid", RequestInvalidError),
    (401, "authentication_failed", AuthenticationError),
    (401, "consent_without_accounts", AccessDeniedError),
    (403, "access_to_resource_denied", AccessDeniedError),
    (403, "access_to_production_denied", AccessDeniedError),
    (403, "permission_denied", AccessDeniedError),
    (403, "forbidden_by_host", AccessDeniedError),
    (403, "quota_limit_reached", AccessDeniedError),
    (404, "not_found", NotFoundError),
    (404, "expired_credentials", LinkStateError),
    (405, "method_not_allowed", RequestInvalidError),
    (408, "request_timeout", RequestTimeoutError),
    (409, "link_refreshed", TryLaterError),
    (409, "idempotency_key_conflict", RequestInvalidError),
    (422, "idempotency_payload_mismatch", RequestInvalidError),
    (428, "activation_required", ActivationRequiredError),
    (500, "unexpected_error", ServerError),
    (500, "service_unavailable", ServerError),
]
EACH_CODE = pytest.mark.parametrize(("status", "code", "kind"), CODES, ids=[code for _, code, _ in CODES])


@EACH_CODE
def test_a_code_has_its_class(status: int, code: str, kind: type[ApiError]) -> None:
    error = rejected(status, refusal(code))
    assert (type(error), error.code, error.status) == (kind, code, status)


@EACH_CODE
def test_the_message_says_what_where_and_what_next(status: int, code: str, kind: type[ApiError]) -> None:
    error = rejected(status, refusal(code))
    told = str(error)
    needed = (
        "It went wrong",
        f"status {status}",
        f"code {code}",
        f"request_id {REQUEST_ID}",
        f"link {LINK_ID}",
    )
    assert [part for part in needed if part not in told] == []
    assert (isinstance(error, kind), error.remedy != "", told.endswith(error.remedy)) == (True, True, True)


@EACH_CODE
def test_a_code_counts_more_than_the_status(status: int, code: str, kind: type[ApiError]) -> None:
    assert [type(rejected(other, refusal(code))) for other in (400, 403, 409, 500) if other != status] == [
        kind for other in (400, 403, 409, 500) if other != status
    ]


def test_an_item_without_a_message_is_not_called_a_foreign_body() -> None:
    error = rejected(400, [{"code": "session_expired_ob", "request_id": REQUEST_ID}])
    assert (type(error), "no error of Belvo's" in str(error)) == (SessionExpiredError, False)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ApiError),
        (401, AuthenticationError),
        (402, ApiError),
        (403, AccessDeniedError),
        (404, NotFoundError),
        (405, RequestInvalidError),
        (408, RequestTimeoutError),
        (409, TryLaterError),
        (413, RequestInvalidError),
        (415, RequestInvalidError),
        (422, RequestInvalidError),
        (428, ApiError),
        (429, RateLimitedError),
        (500, ServerError),
        (503, ServerError),
    ],
)
def test_a_code_of_tomorrow_is_kept_and_shown(status: int, kind: type[ApiError]) -> None:
    error = rejected(status, refusal("brand_new"))
    assert (type(error), error.code) == (kind, "brand_new")
    assert f"status {status}, code brand_new, link {LINK_ID}, request_id {REQUEST_ID}" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ApiError),
        (401, AuthenticationError),
        (403, AccessDeniedError),
        (404, NotFoundError),
        (405, RequestInvalidError),
        (408, RequestTimeoutError),
        (418, ApiError),
        (429, RateLimitedError),
        (500, ServerError),
        (502, ServerError),
        (504, ServerError),
        (599, ServerError),
    ],
)
@pytest.mark.parametrize("code", ["absent", None, "", 5])
def test_without_a_code_the_status_decides(code: object, status: int, kind: type[ApiError]) -> None:
    item = {"message": "It went wrong", "request_id": REQUEST_ID}
    item |= {} if code == "absent" else {"code": code}  # type: ignore[dict-item]
    error = rejected(status, [item])
    assert (type(error), error.code, error.status, error.request_id) == (kind, None, status, REQUEST_ID)


def test_the_form_of_2020_is_read() -> None:
    error = rejected(404, {"detail": "Not found."})
    assert (type(error), error.code, error.details[0].message) == (NotFoundError, None, "Not found.")
    assert "with status 404: Not found (status 404, " in str(error)


def test_a_bare_object_is_read_like_an_array_of_one() -> None:
    assert str(rejected(400, refusal("login_error")[0])) == str(rejected(400, refusal("login_error")))


def test_a_wrong_field_is_named() -> None:
    error = rejected(400, refusal("required", field="fetch_resources"))
    assert (error.field, "field fetch_resources" in str(error)) == ("fetch_resources", True)


def test_of_several_items_all_codes_are_kept_and_the_first_decides() -> None:
    error = rejected(400, [*refusal("blank", field="password"), *refusal("login_error", field="username")])
    assert (type(error), error.code, error.codes) == (RequestInvalidError, "blank", ("blank", "login_error"))
    assert (error.field, "code blank, login_error" in str(error)) == ("password", True)


def test_the_first_item_with_a_code_decides() -> None:
    error = rejected(400, [{"message": "Bad request"}, *refusal("login_error")])
    assert (type(error), error.code, error.codes) == (LoginFailedError, "login_error", ("login_error",))


def test_a_request_id_is_kept_even_where_nothing_else_is_said() -> None:
    assert rejected(500, [{"request_id": REQUEST_ID}]).request_id == REQUEST_ID


def test_a_duplicate_tells_which_user_has_the_link() -> None:
    error = rejected(400, refusal("duplicated", institution_user_id="sooE7XJW="))
    assert isinstance(error, DuplicatedLinkError)
    assert error.institution_user_id == "sooE7XJW="


@pytest.mark.parametrize("more", [{}, {"institution_user_id": None}, {"institution_user_id": 5}], ids=repr)
def test_a_duplicate_may_not_tell_which_user_has_the_link(more: dict[str, object]) -> None:
    error = rejected(400, refusal("duplicated", **more))
    assert isinstance(error, DuplicatedLinkError)
    assert error.institution_user_id is None


def test_what_payments_nest_inside_an_item_is_kept() -> None:
    nested = {"value": {"message": "Bad key", "code": "invalid"}}
    error = error_of(answer(400, [{"field": "details", "message": "x", "pix_key": nested}]), READ_REQUEST)
    assert (error.field, error.details[0].extra) == ("details", {"pix_key": nested})


def test_an_error_about_no_link_shows_none() -> None:
    error = error_of(answer(404, refusal("not_found")), READ_REQUEST)
    assert (error.link_id, " link " in str(error)) == (None, False)


def test_every_class_for_an_answer_is_an_api_error() -> None:
    assert {kind for _, _, kind in CODES} < set(ApiError.__subclasses__())
    assert issubclass(errors.ApiError, BelvoError)
