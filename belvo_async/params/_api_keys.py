"""The API keys."""

from collections.abc import Mapping

from attrs import Attribute, field, frozen

from belvo_async.errors import ConfigurationError
from belvo_async.params._checks import Secretive, is_sendable
from belvo_async.params._environment import read_variables


def _check_key(_: object, attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(
            f"{attribute.name} is missing or no text.",
            remedy="Take both from Belvo's dashboard, or set BELVO_SECRET_ID and BELVO_SECRET_PASSWORD.",
        )
    if not is_sendable(value):
        raise ConfigurationError(f"{attribute.name} holds half a character.", remedy="Store it as UTF-8.")
    if attribute.name == "secret_id" and ":" in value:
        raise ConfigurationError(
            "secret_id holds a colon.", remedy="Pass the id alone, without the password."
        )


@frozen
class Credentials(Secretive):
    """The API keys of one Belvo account in one environment.

    Raises:
        ConfigurationError: One of the two is missing.

    Example:
        >>> from belvo_async import Credentials
        >>> Credentials("id", "password")
        Credentials()
    """

    secret_id: str = field(repr=False, validator=_check_key)
    secret_password: str = field(repr=False, validator=_check_key)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Credentials":
        """Read BELVO_SECRET_ID and BELVO_SECRET_PASSWORD.

        Raises:
            ConfigurationError: One of the two is not set.
        """
        return cls(*read_variables(("BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD"), environ))
