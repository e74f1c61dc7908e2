"""The institutions of the sandbox, as a table."""

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

_BANK_RESOURCES: Final = (
    "ACCOUNTS",
    "TRANSACTIONS",
    "OWNERS",
    "BALANCES",
    "BILLS",
    "INCOMES",
    "RISK_INSIGHTS",
)
_FISCAL_RESOURCES: Final = (
    "INVOICES",
    "TAX_STATUS",
    "TAX_RETURNS",
    "TAX_RETENTIONS",
    "TAX_COMPLIANCE_STATUS",
    "FINANCIAL_STATEMENTS",
)
_EMPLOYMENT_RESOURCES: Final = ("EMPLOYMENT_RECORDS", "CURRENT_EMPLOYMENTS", "EMPLOYMENT_METRICS", "OWNERS")
_COUNTRY_NAMES: Final = {"mx": "Mexico", "co": "Colombia", "br": "Brazil"}

_SHORT: Final = "^[a-zA-Z0-9_]{1,16}$"


@frozen(kw_only=True)
class FormField:
    """One credential that an institution wants at registration."""

    name: str
    type: str = "text"
    label: str = ""
    validation: str = _SHORT
    optional: bool = False
    value: str | None = None
    """What a hidden field is filled with."""
    values: tuple[tuple[str, str], ...] = ()
    """Code and label of each choice."""

    @property
    def is_required(self) -> bool:
        """Whether a registration must carry it."""
        return not self.optional and self.value is None

    def public(self) -> dict[str, object]:
        """Return the field as Belvo prints it."""
        shown: dict[str, object] = {
            "name": self.name,
            "type": self.type,
            "label": self.label or self.name.capitalize(),
            "validation": self.validation,
            "validation_message": f"Invalid {self.name}",
        }
        if self.optional:
            shown |= {"optional": True, "length": "6"}
        if self.value is not None:
            shown["value"] = self.value
        if self.values:
            shown["values"] = [{"code": code, "label": label} for code, label in self.values]
        return shown


@frozen(kw_only=True)
class SandboxInstitution:
    """One institution."""

    id: int
    name: str
    display_name: str
    type: str = "bank"
    integration_type: str = "credentials"
    status: str = "healthy"
    form_fields: tuple[FormField, ...]
    resources: tuple[str, ...] = _BANK_RESOURCES
    features: tuple[str, ...] = ()
    asks_token: bool = False
    """Whether the MFA test users are challenged here, whatever the list of features says."""

    @property
    def country_code(self) -> str:
        """Two capital letters."""
        return self.name.split("_")[1].upper()

    @property
    def website(self) -> str:
        """An address that leads nowhere."""
        return f"https://www.{self.name.split('_')[0]}.example/"

    def public(self) -> dict[str, object]:
        """Return the institution as Belvo prints it."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "website": self.website,
            "display_name": self.display_name,
            "country_code": self.country_code,
            "country_codes": [self.country_code],
            "primary_color": "#056dae",
            "logo": None,
            "icon_logo": None,
            "text_logo": None,
            "code": None,
            "form_fields": [form_field.public() for form_field in self.form_fields],
            "features": [
                {"name": name, "description": "The institution may need a token to log in"}
                for name in self.features
            ],
            "resources": list(self.resources),
            "integration_type": self.integration_type,
            "status": self.status,
            "openbanking_information": None,
        }


_USERNAME: Final = FormField(name="username")
_PASSWORD: Final = FormField(name="password", type="password")
_PAIR: Final = (_USERNAME, _PASSWORD)
_TOKEN: Final = FormField(name="token", type="number", validation=r"^\d{6}$", optional=True)
_ADVANCED: Final = (
    FormField(
        name="username_type",
        type="select",
        validation="^[0-9]{3}$",
        values=(("999", "Invalid"), ("003", "Valid")),
    ),
    _USERNAME,
    FormField(name="username2"),
    _PASSWORD,
    FormField(name="password2", type="password"),
)


def _in_three_countries(family: str, *ids: int) -> Iterator[tuple[int, str, str]]:
    for number, (code, country) in zip(ids, _COUNTRY_NAMES.items(), strict=True):
        yield number, f"{family}_{code}_retail", f"{family.capitalize()} {country}"


def _build_table() -> Iterator[SandboxInstitution]:
    for number, name, title in _in_three_countries("gringotts", 1001, 1002, 1003):
        yield SandboxInstitution(id=number, name=name, display_name=title, form_fields=_PAIR)
    for number, name, title in _in_three_countries("erebor", 1004, 1005, 1006):
        yield SandboxInstitution(id=number, name=name, display_name=title, form_fields=_PAIR)
    for number, name, title in _in_three_countries("heimdall", 1014, 1021, 1020):
        yield SandboxInstitution(
            id=number,
            name=name,
            display_name=f"{title} MFA testing",
            form_fields=(*_PAIR, _TOKEN),
            features=("token_required",),
            asks_token=True,
        )
    yield SandboxInstitution(
        id=1012,
        name="gotham_br_business",
        display_name="Gotham Business Bank",
        form_fields=_PAIR,
        asks_token=True,
    )
    for number, kind in ((1015, "business"), (1016, "retail")):
        yield SandboxInstitution(
            id=number,
            name=f"ironbank_br_{kind}",
            display_name="Ironbank Advanced login",
            form_fields=_ADVANCED,
        )
    yield from _build_singles()


def _build_singles() -> Iterator[SandboxInstitution]:
    yield SandboxInstitution(
        id=1013,
        name="tatooine_mx_fiscal",
        display_name="Tatooine",
        type="fiscal",
        form_fields=_PAIR,
        resources=_FISCAL_RESOURCES,
    )
    yield SandboxInstitution(
        id=9454,
        name="planet_mx_employment",
        display_name="Planet",
        type="employment",
        form_fields=(
            FormField(
                name="username", label="CURP", validation="^([A-Z]{4})([0-9]{6})([A-Z]{6})([A-Z0-9]{2})$"
            ),
            FormField(name="password", type="hidden", value="fake-password", validation="^.*$"),
        ),
        resources=_EMPLOYMENT_RESOURCES,
    )
    yield SandboxInstitution(
        id=9256,
        name="ofmockbank_br_retail",
        display_name="Open Finance Mock Bank",
        integration_type="openfinance",
        form_fields=(FormField(name="username", label="CPF", validation=r"^[0-9.\-/]{11,18}$"),),
    )
    yield SandboxInstitution(
        id=9322,
        name="belvo_mx_retail",
        display_name="Belvo Bank",
        form_fields=(_USERNAME, FormField(name="username2", label="Delay seconds"), _PASSWORD),
    )


INSTITUTIONS: Final[Mapping[str, SandboxInstitution]] = {
    institution.name: institution for institution in _build_table()
}
