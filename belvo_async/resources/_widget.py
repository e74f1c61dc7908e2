"""`pool.widget`: tokens for Belvo's hosted widget."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from belvo_async._engine.exchange import Exchange
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._wire.requests import build_widget_token
from belvo_async._wire.responses import read_widget_token
from belvo_async.errors import InvalidValueError
from belvo_async.models import WidgetToken
from belvo_async.params import Credentials
from belvo_async.params._checks import read_link_id, read_names

_REGISTER: Final = ("read_institutions", "write_links")
_UPDATE: Final = (*_REGISTER, "read_links")
"""What the widget needs in update mode (Belvo's page on the update mode of the hosted widget)."""


class Widget:
    """Fetches tokens with which a page opens Belvo's hosted widget."""

    def __init__(self, exchange: Exchange, lifecycle: Lifecycle, credentials: Credentials) -> None:
        self._exchange: Final = exchange
        self._lifecycle: Final = lifecycle
        self._credentials: Final = credentials

    async def token(
        self,
        *,
        scopes: Iterable[str] | None = None,
        link_id: str | UUID | None = None,
        fetch_resources: Iterable[str] | None = None,
        stale_in: str | None = None,
        credentials_storage: str | None = None,
        widget: Mapping[str, object] | None = None,
    ) -> WidgetToken:
        """Fetch a token: to let a person register a link, or update the one that is named.

        The API keys travel in the body of the request, and are in no error.

        Args:
            scopes: What the page may do; by default what the widget needs, in its update mode where there is
                a *link_id*.
            link_id: The link to update.
            fetch_resources: What Belvo shall retrieve of a new link, such as `["ACCOUNTS", "OWNERS"]`.
            stale_in: How long Belvo keeps the data, such as `365d`.
            credentials_storage: How long Belvo keeps the credentials, such as `store` or `30d`.
            widget: The look of the widget and its addresses, as Belvo's reference has them.

        Raises:
            InvalidValueError: An argument is wrong.
            BelvoError: Belvo gave none.
        """
        if scopes is None:
            scopes = _REGISTER if link_id is None else _UPDATE
        named = {
            "scopes": ",".join(read_names(scopes, "scopes", '["read_institutions", "write_links"]') or ()),
            "link_id": None if link_id is None else read_link_id(link_id),
            "fetch_resources": read_names(fetch_resources),
            "stale_in": stale_in,
            "credentials_storage": credentials_storage,
            "widget": None if widget is None else _read_mapping(widget),
        }
        keys = self._credentials
        request = build_widget_token(
            {name: value for name, value in named.items() if value is not None},
            keys.secret_id,
            keys.secret_password,
        )
        with self._lifecycle:
            return read_widget_token(await self._exchange.fetch(request), request)


def _read_mapping(widget: object) -> Mapping[str, object]:
    if isinstance(widget, Mapping):
        return widget
    raise InvalidValueError.of(
        "widget", f"is {type(widget).__name__}, not a mapping", remedy='Pass one, such as {"branding": …}.'
    )
