"""Links: what Belvo shows of them."""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from belvo_async.models._enums import AccessMode, LinkStatus


@frozen(kw_only=True)
class Link:
    """An end-user's login at an institution.

    Times are aware datetimes in UTC. What may be None on the wire may be None here.
    """

    id: str
    institution: str | None = None
    """The institution's name, e.g. `erebor_mx_retail`."""
    access_mode: AccessMode | None = None
    status: LinkStatus | None = None
    refresh_rate: str | None = None
    """`6h`, `12h`, `24h`, `7d` or `30d`; None for a single link."""
    created_by: str | None = None
    last_accessed_at: datetime | None = None
    """The last successful access to the institution."""
    created_at: datetime | None = None
    external_id: str | None = None
    """Your own id for the user; Belvo blanks one that looks like personal data."""
    institution_user_id: str | None = None
    """The same for all links of one user at one institution; None on links made before February 2022."""
    credentials_storage: str | None = None
    """`store`, `nostore`, or days such as `365d`."""
    stale_in: str | None = None
    fetch_resources: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(factory=dict, eq=False, repr=False)
    """Keys that this version does not know."""


@frozen(kw_only=True)
class AcceptedRequest:
    """Belvo took a request (202) and will report by webhook when it is done."""

    request_id: str | None
    """Correlates with the webhook's `request_id`, hyphens aside; None after an answered challenge."""
