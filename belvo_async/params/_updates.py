"""What a caller sends about a link. A wrong value raises here, before anything is sent."""

from typing import Final

from attrs import field, fields, frozen

from belvo_async.errors import InvalidValueError
from belvo_async.models._enums import AccessMode
from belvo_async.params._checks import (
    Secretive,
    encode_base64,
    filled_text,
    matching,
    optional_base64,
    optional_filled_text,
    optional_flag,
    optional_text,
    read_institution,
    read_link_id,
    read_names,
    read_optional_institution,
)

_DAYS: Final = matching(r"\d{1,3}d", "365d")
_STORAGE: Final = matching(r"store|nostore|\d{1,3}d", "365d")
_EXTERNAL_ID: Final = matching(r"[A-Za-z0-9_-]{3,256}", "user-0042")


def _read_access_mode(value: object) -> AccessMode | None:
    if value is None:
        return None
    mode = AccessMode(value) if isinstance(value, str) else None
    if mode is None or not mode.is_known:
        raise InvalidValueError.of(
            "access_mode", "is not an access mode", remedy='Pass AccessMode, "single" or "recurrent".'
        )
    return mode


def _check_key_pair(certificate: str | None, private_key: str | None) -> None:
    if (certificate is None) != (private_key is None):
        missing = "certificate" if certificate is None else "private_key"
        raise InvalidValueError.of(missing, "is missing", remedy="Pass certificate and private_key together.")


@frozen
class LinkUpdate(Secretive):
    """New credentials for an existing link: the body of `PUT /api/links/{id}/`.

    What is None is not sent; everything else is, as it is.
    `certificate` and `private_key` take a file's bytes, or base64 text, and go together.

    Raises:
        InvalidValueError: A value could not be right; names the field.

    Example:
        >>> from belvo_async import LinkUpdate
        >>> LinkUpdate("5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0", password="secret")
        LinkUpdate(link_id='5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0', username_type=None, institution=None)
    """

    link_id: str = field(converter=read_link_id)
    password: str | None = field(default=None, kw_only=True, repr=False, validator=optional_filled_text)
    password2: str | None = field(default=None, kw_only=True, repr=False, validator=optional_text)
    token: str | None = field(default=None, kw_only=True, repr=False, validator=optional_filled_text)
    """A token that the end-user made beforehand; most institutions ask for one themselves."""
    encryption_key: str | None = field(default=None, kw_only=True, repr=False, validator=optional_text)
    username_type: str | None = field(default=None, kw_only=True, validator=optional_text)
    """The code of the document type, e.g. `003`."""
    certificate: str | None = field(
        default=None, kw_only=True, repr=False, converter=encode_base64, validator=optional_base64
    )
    private_key: str | None = field(
        default=None, kw_only=True, repr=False, converter=encode_base64, validator=optional_base64
    )
    institution: str | None = field(default=None, kw_only=True, converter=read_optional_institution)
    """Where the login happens, if you know it: never sent, it lets the pool spread load over institutions."""
    institution_user_id: str | None = field(
        default=None, kw_only=True, repr=False, validator=optional_filled_text
    )
    """Whose login it is, as `Link` tells; never sent. Links of one user at one institution then log in one
    after the other. The pool knows it already of links that it has read or updated lately."""

    def __attrs_post_init__(self) -> None:
        """Check what no single field can."""
        _check_key_pair(self.certificate, self.private_key)
        if self.password is None and all(getattr(self, name) is None for name in UPDATE_FIELDS):
            raise InvalidValueError.of(
                "password", "is missing", remedy="Pass the new password, or another credential to update."
            )


UPDATE_FIELDS: Final = tuple(
    attribute.name
    for attribute in fields(LinkUpdate)
    if attribute.name not in {"link_id", "institution", "institution_user_id"}
)
"""The seven fields that go into the body of a PUT (Belvo's 2023 collection)."""


@frozen(kw_only=True)
class LinkRegistration(Secretive):
    """A new link: the body of `POST /api/links/`.

    Fields of older API versions are accepted too; what is None is not sent.

    Raises:
        InvalidValueError: A value could not be right; names the field.
    """

    institution: str = field(converter=read_institution)
    username: str = field(repr=False, validator=filled_text)
    password: str | None = field(default=None, repr=False, validator=optional_filled_text)
    username2: str | None = field(default=None, repr=False, validator=optional_text)
    username3: str | None = field(default=None, repr=False, validator=optional_text)
    password2: str | None = field(default=None, repr=False, validator=optional_text)
    token: str | None = field(default=None, repr=False, validator=optional_filled_text)
    encryption_key: str | None = field(default=None, repr=False, validator=optional_text)
    username_type: str | None = field(default=None, validator=optional_text)
    certificate: str | None = field(
        default=None, repr=False, converter=encode_base64, validator=optional_base64
    )
    private_key: str | None = field(
        default=None, repr=False, converter=encode_base64, validator=optional_base64
    )
    access_mode: AccessMode | None = field(default=None, converter=_read_access_mode)
    external_id: str | None = field(default=None, validator=_EXTERNAL_ID)
    fetch_resources: tuple[str, ...] | None = field(default=None, converter=read_names)
    credentials_storage: str | None = field(default=None, validator=_STORAGE)
    stale_in: str | None = field(default=None, validator=_DAYS)
    fetch_historical: bool | None = field(default=None, validator=optional_flag)
    save_data: bool | None = field(default=None, validator=optional_flag)

    def __attrs_post_init__(self) -> None:
        """Check what no single field can."""
        _check_key_pair(self.certificate, self.private_key)


@frozen(kw_only=True)
class LinkChanges:
    """New data-retrieval settings of a link: the body of `PATCH /api/links/{id}/`.

    Changing `single` to `recurrent` makes Belvo load the history, which it bills.

    Raises:
        InvalidValueError: A value could not be right, or nothing is changed; names the field.
    """

    access_mode: AccessMode | None = field(default=None, converter=_read_access_mode)
    stale_in: str | None = field(default=None, validator=_DAYS)
    fetch_resources: tuple[str, ...] | None = field(default=None, converter=read_names)

    def __attrs_post_init__(self) -> None:
        """Refuse an empty change."""
        if self.access_mode is None and self.stale_in is None and self.fetch_resources is None:
            raise InvalidValueError.of(
                "access_mode",
                "is missing",
                remedy="Pass at least one of access_mode, stale_in and fetch_resources.",
            )
