"""Belvo's data: what it has stored, and what it retrieves from an institution, with one login each time."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final, Generic, NoReturn, TypeVar, cast
from uuid import UUID

from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import Exchange
from belvo_async._engine.logins import Logins
from belvo_async._engine.recorder import LoginRecorder
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._http import Request, Response
from belvo_async._http.hidden import hide
from belvo_async._wire.data import read_row, read_row_page, read_rows
from belvo_async._wire.requests import build_item_delete, build_item_read, build_retrieval
from belvo_async.errors import InvalidValueError, OutcomeUnknownError, TryLaterError
from belvo_async.models import AcceptedRequest, AwaitingToken, DataModel, Link
from belvo_async.params._checks import read_link_id
from belvo_async.params._filters import write_filters
from belvo_async.params._options import (
    check_alternatives,
    check_period,
    list_options,
    list_required,
    write_options,
)
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, TokenOptions
from belvo_async.resources._login_calls import LoginCalls, check_call
from belvo_async.resources._paginator import Paginator

M_co = TypeVar("M_co", bound=DataModel, covariant=True)
R = TypeVar("R", bound=DataModel)

_OF_TOKENS: Final = frozenset({"provide_token", "token"})
_FIELD_CHOICES: Final = frozenset({"fields", "omit"})
_ROW_ID: Final = "Pass the `id` of a row, as list() shows it."


class DataResource(Generic[M_co]):
    """Lists and reads what Belvo has stored of one kind of data: `list(**filters)` and `get`.

    The filters have the names that Belvo's reference gives them. Lists are joined by commas; a `__range` has
    two values; days are dates or `YYYY-MM-DD`; amounts are `Decimal`, `int` or text, so that none is rounded.
    """

    _spec: DataSpec[M_co]

    def __init__(self, client: object, exchange: Exchange, context: EngineContext, logins: Logins) -> None:
        self._client: Final = client
        """Whose it is: a class above this module."""
        self._exchange: Final = exchange
        self._context: Final = context
        self._logins: Final = logins

    def _list(self, filters: Mapping[str, object]) -> Paginator[M_co]:
        spec = self._spec
        query = write_filters(filters, list_options(spec.filters), list_required(spec.filters))
        return self._page(spec.collection, query, spec.model)

    def _list_below(
        self, item_id: str | UUID, path: str, model: type[R], options: Mapping[str, object]
    ) -> Paginator[R]:
        row_id = read_link_id(item_id, "item_id", _ROW_ID)
        query = write_filters(options, list_options(ListOptions))
        return self._page(f"{self._spec.collection}{row_id}/{path}", query, model)

    def _page(self, path: str, query: tuple[tuple[str, str], ...], model: type[R]) -> Paginator[R]:
        return Paginator(self._exchange, self._context.lifecycle, path, query, model, read=read_row_page)

    async def get(self, item_id: str | UUID) -> M_co:
        """Read one row.

        Raises:
            InvalidValueError: The id is none.
            NotFoundError: There is none with this id.
            BelvoError: It could not be read.
        """
        request = build_item_read(self._spec.collection, read_link_id(item_id, "item_id", _ROW_ID))
        with self._context.lifecycle:
            return read_row(await self._exchange.fetch(request), request, self._spec.model)


class DeletableData(DataResource[M_co]):
    """Deletes what Belvo has stored, too."""

    async def delete(self, item_id: str | UUID) -> None:
        """Delete one row from Belvo, with all that hangs on it.

        Belvo allows five deletes a minute; more are waited for.

        Raises:
            InvalidValueError: The id is none.
            NotFoundError: There is none with this id.
            BelvoError: It could not be deleted.
        """
        request = build_item_delete(self._spec.collection, read_link_id(item_id, "item_id", _ROW_ID))
        with self._context.lifecycle:
            await self._exchange.fetch(request)


class RetrievableData(DataResource[M_co]):
    """Retrieves data from the institution, too: `retrieve(link_id, …)`, each time one login.

    One login of a link is in flight at a time, whichever resource asks: equal calls share one, others wait
    for it. A login that may have reached the bank is not repeated by itself. After a lost response the
    status of the link tells whether the login succeeded, but not the data: `OutcomeUnknownError` says where
    they are.

    Where the schema has it, `retrieve_in_background(link_id, …)` returns as soon as Belvo has taken the
    request; a webhook with its `request_id` tells when the data are there.

    Both raise what `links.update` raises, and for the data of a link where the institution asks for a token
    that Belvo has no call to take `ResumeNotSupportedError`.
    """

    def __init__(self, client: object, exchange: Exchange, context: EngineContext, logins: Logins) -> None:
        super().__init__(client, exchange, context, logins)
        self._calls: Final = LoginCalls(context, logins)

    async def _retrieve(self, link_id: str | UUID, options: Mapping[str, object]) -> tuple[M_co, ...]:
        asked = cast("TokenOptions", options)  # each of them is checked below
        when_busy, max_wait = asked.get("when_busy", "join"), asked.get("max_wait")
        recorder, provide_token = asked.get("recorder"), asked.get("provide_token")
        check_call(provide_token, when_busy, max_wait=max_wait, recorder=recorder)
        request = self._build(link_id, options, in_background=False)
        wish = self._logins.retrieve(
            request,
            read=self._read,
            find=partial(_tell_lost, self._spec.collection, request.save_data),
            recorder=recorder,
            max_wait=max_wait,
        )
        return await self._calls.run(wish, provide_token, when_busy)

    async def _retrieve_in_background(
        self, link_id: str | UUID, options: Mapping[str, object]
    ) -> AcceptedRequest:
        asked = cast("BackgroundOptions", options)  # each of them is checked below
        when_busy, max_wait = asked.get("when_busy", "join"), asked.get("max_wait")
        check_call(None, when_busy, max_wait=max_wait)
        request = self._build(link_id, options, in_background=True)
        wish = self._logins.load_in_background("retrieve", request, max_wait)
        return await self._calls.run(wish, None, when_busy)

    def _build(self, link_id: str | UUID, options: Mapping[str, object], *, in_background: bool) -> Request:
        spec = self._spec
        known = list_options(spec.options)
        for name in sorted(_OF_TOKENS & options.keys() - known):
            raise InvalidValueError.of(
                name,
                f"is of no use: Belvo has no call that takes a token for {spec.collection}",
                remedy="Leave it out. Where a token is asked for, update the link with the person at hand, "
                "and make this call again.",
            )
        for name in sorted(options.keys() - known):
            raise InvalidValueError.of(
                name, "is no option of this call", remedy=f"Known are: {', '.join(sorted(known))}."
            )
        own = {name: value for name, value in options.items() if name in known - _NOT_IN_BODY}
        if isinstance(own.get("token"), str):
            own["token"] = hide(cast("str", own["token"]))
        body = write_options(own, spec.options)
        check_alternatives(body, spec.alternatives)
        if spec.shortest_period is not None:
            check_period(body, spec.shortest_period)
        chosen = {name: options[name] for name in _FIELD_CHOICES & options.keys()}
        return build_retrieval(
            spec.collection,
            read_link_id(link_id),
            body,
            write_filters(chosen, _FIELD_CHOICES),
            in_background=in_background,
        )

    def _read(self, response: Response, request: Request) -> tuple[M_co, ...]:
        if response.status == 202:
            raise TryLaterError(
                "Belvo took the request, and retrieves the data in the background.",
                remedy="Read them with list(link=…) once the webhook tells that they are there.",
                status=response.status,
                link_id=request.link_id,
            )
        return read_rows(response, request, self._spec.model)


class ResumableData(RetrievableData[M_co]):
    """Takes the token of a challenge, too."""

    async def resume(
        self,
        challenge: str | AwaitingToken,
        token: str | None = None,
        *,
        provide_token: TokenProvider | None = None,
        recorder: LoginRecorder | None = None,
        when_busy: WhenBusy = "join",
    ) -> tuple[M_co, ...]:
        """Answer a challenge that left an earlier `retrieve`, in this process or in another.

        What that call has said of `save_data`, `fields` and `omit` is said again.

        Args:
            challenge: `TokenRequiredError.state`, or the text that `links.park` made of it.
            token: The token; None where the challenge expects no input, or where *provide_token* is asked.
            provide_token: Asked for the token, and for those of further rounds.
            recorder: Writes down each step before it happens.
            when_busy: As for `links.update`, but no two calls share a request: a token is sent once.

        Raises:
            InvalidValueError: It is a challenge of another resource; nothing was sent.
            InvalidTokenError: The token cannot be one; nothing was sent.
            BelvoError: As for `links.resume`.
        """
        token = hide(token)
        check_call(provide_token, when_busy, recorder=recorder)
        state = self._calls.read_state(challenge, self._spec.collection)
        given = self._calls.begin_answer(state, token, provide_token)
        save_data = state.challenge.resume_target.save_data
        wish = self._logins.resume_retrieval(
            state,
            given,
            read=self._read,
            find=partial(_tell_lost, self._spec.collection, save_data),
            recorder=recorder,
        )
        return await self._calls.run(wish, provide_token, when_busy)


_NOT_IN_BODY: Final = frozenset(TokenOptions.__annotations__) - {"save_data"}


def _tell_lost(collection: str, save_data: bool | None, link: Link, sent_at: datetime) -> NoReturn:  # noqa: FBT001 - bound by partial
    raise build_lost(collection, save_data, link.id, sent_at)


def build_lost(
    collection: str,
    save_data: bool | None,  # noqa: FBT001 - as its caller has it
    link_id: str,
    sent_at: datetime | None,
) -> OutcomeUnknownError:
    """Build the error of a login that has succeeded, and whose data did not arrive."""
    remedy = (
        "Belvo was told not to store the data: retrieve them again, which is another login, with the user's "
        "consent."
        if save_data is False
        else "Belvo stores what it has retrieved: read it with list(link=error.link_id) of the same resource."
    )
    return OutcomeUnknownError(
        f"The login succeeded, but the response with the data of {collection} was lost.",
        remedy=remedy,
        link_id=link_id,
        sent_at=sent_at,
    )
