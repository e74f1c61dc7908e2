"""Institutions: the banks, tax offices and employment registers that Belvo can log in at."""

from collections.abc import Mapping

from attrs import field, frozen


@frozen(kw_only=True)
class Institution:
    """One bank, tax office or employment register."""

    name: str
    """What a link calls it, e.g. `erebor_mx_retail`."""
    id: int | None = None
    type: str | None = None
    """`bank`, `fiscal`, `employment`, …"""
    display_name: str | None = None
    status: str | None = None
    """`healthy` or `down`."""
    website: str | None = None
    country_codes: tuple[str, ...] = ()
    primary_color: str | None = None
    logo: str | None = None
    icon_logo: str | None = None
    text_logo: str | None = None
    integration_type: str | None = None
    """`credentials` or `openfinance`."""
    resources: tuple[str, ...] = ()
    form_fields: tuple[Mapping[str, object], ...] = ()
    """What a login asks for; the keys differ by institution, so they stay as Belvo sends them."""
    features: tuple[Mapping[str, object], ...] = ()
    extra: Mapping[str, object] = field(factory=dict, eq=False, repr=False)

    @property
    def may_require_token(self) -> bool:
        """Whether Belvo says that a login may need a token."""
        return any(feature.get("name") == "token_required" for feature in self.features)
