"""What opens Belvo's hosted widget."""

from typing import NoReturn

from attrs import field, frozen


@frozen(kw_only=True)
class WidgetToken:
    """Two tokens for Belvo's hosted widget, which act for your keys within their scopes."""

    access: str = field(repr=False)
    """Goes into the page. Belvo's examples live 1,200 s."""
    refresh: str = field(repr=False)

    def __reduce__(self) -> NoReturn:
        """Refuse to leave the process: fetch another one where it is needed."""
        raise TypeError("WidgetToken holds tokens and is never pickled; fetch one where it is needed")
