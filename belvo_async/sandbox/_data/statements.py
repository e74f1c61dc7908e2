"""The movements of money on the accounts of a link.

A statement begins twelve months before its link and grows by one day each day. Its seed is the link's id:
the same link has the same movements, whoever asks and however often.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from attrs import field, frozen

from belvo_async.sandbox._links import StoredLink

YEAR: Final = timedelta(days=365)
CENT: Final = Decimal("0.01")
CARD_PAYMENT_DAY: Final = 20
"""The day of the month on which the card is paid in full."""
OPENING_HOUR: Final = 8
"""No movement is earlier in the day, and none in the same hour as another one of its account."""

CURRENCIES: Final = {"br": ("BRL", 1), "mx": ("MXN", 3), "co": ("COP", 700)}
"""The currency of each country, and how many of its units one real buys."""


@frozen
class Movement:
    """Something that happens on an account now and then."""

    description: str
    category: str
    subcategory: str | None
    amount: str
    """Up to which amount; a monthly one is exactly this."""
    day: int | None = None
    """On which day of each month; None: on any day, by chance."""
    chance: float = 0.0
    is_inflow: bool = False


@frozen(kw_only=True)
class AccountPlan:
    """One kind of account, and what happens on it."""

    category: str
    name: str
    type: str
    balance_type: str
    opening: str
    movements: tuple[Movement, ...]

    @property
    def is_debt(self) -> bool:
        """Whether money that leaves the account raises its balance."""
        return self.balance_type == "LIABILITY"


@frozen(kw_only=True)
class Entry:
    """One movement that has happened."""

    id: str
    at: datetime
    amount: Decimal
    is_inflow: bool
    balance: Decimal
    """That of the account, after it."""
    movement: Movement


SAVING: Final = Movement("Transfer to savings", "Transfers", None, "400.00", day=25)
LOAN_INSTALMENT: Final = Movement("Loan instalment", "Credits & Loans", "Instalment", "731.40", day=12)

CHECKING: Final = AccountPlan(
    category="CHECKING_ACCOUNT",
    name="Checking account",
    type="CONTA_DEPOSITO_A_VISTA",
    balance_type="ASSET",
    opening="6420.35",
    movements=(
        Movement("Salary", "Income & Payments", "Salary", "8250.00", day=5, is_inflow=True),
        Movement("Rent", "Home & Life", None, "2610.00", day=10),
        Movement("Electricity", "Bills & Utilities", "Electricity & Energy", "183.27", day=15),
        LOAN_INSTALMENT,
        SAVING,
        Movement("Cash withdrawal", "Withdrawal & ATM", None, "150.00", chance=0.08),
        Movement("Transfer from a friend", "Transfers", None, "120.00", chance=0.04, is_inflow=True),
    ),
)
SAVINGS: Final = AccountPlan(
    category="SAVINGS_ACCOUNT",
    name="Savings account",
    type="CONTA_POUPANCA",
    balance_type="ASSET",
    opening="12050.10",
    movements=(
        Movement("Transfer from checking", "Transfers", None, SAVING.amount, day=SAVING.day, is_inflow=True),
        Movement("Interest", "Investments & Savings", "Interest", "31.07", day=28, is_inflow=True),
    ),
)
CARD: Final = AccountPlan(
    category="CREDIT_CARD",
    name="Credit card",
    type="CONTA_PAGAMENTO_POS_PAGA",
    balance_type="LIABILITY",
    opening="0.00",
    movements=(
        Movement("Supermarket", "Food & Groceries", "Groceries", "160.00", chance=0.3),
        Movement("Restaurant", "Food & Groceries", "Restaurants", "75.00", chance=0.25),
        Movement("Taxi", "Transport & Travel", "Taxis & Rideshares", "30.00", chance=0.2),
        Movement("Music by subscription", "Online Platforms & Leisure", "Movie & Audio", "21.90", day=3),
    ),
)
LOAN: Final = AccountPlan(
    category="LOAN_ACCOUNT",
    name="Personal loan",
    type="EMPRESTIMOS",
    balance_type="LIABILITY",
    opening="60000.00",
    movements=(
        Movement(
            "Instalment received",
            "Credits & Loans",
            "Instalment",
            LOAN_INSTALMENT.amount,
            day=LOAN_INSTALMENT.day,
            is_inflow=True,
        ),
    ),
)
PLANS: Final = (CHECKING, SAVINGS, CARD, LOAN)

_CARD_PAYMENT: Final = Movement("Payment of the card", "Credits & Loans", "Credit Card", "0.00")


@frozen
class AccountStatement:
    """The entries of one account."""

    plan: AccountPlan
    currency: str
    factor: int
    """How many units of the currency one real buys."""
    entries: tuple[Entry, ...] = field(repr=False)

    @property
    def balance(self) -> Decimal:
        """What is on the account, or owed, after all entries."""
        return self.entries[-1].balance if self.entries else Decimal(self.plan.opening) * self.factor


def build_statements(link: StoredLink, at: datetime) -> list[AccountStatement]:
    """Return the statements of *link* as they are *at* this time; today's movements come tomorrow."""
    currency, factor = find_currency(link)
    first = (link.created_at - YEAR).date()
    days = [first + timedelta(days=number) for number in range((at.date() - first).days)]
    card = _StatementWriter(link.id, CARD, factor).write(days, {})
    payments = {entry.at.date(): entry.amount for entry in card if entry.is_inflow}
    statements = []
    for plan in PLANS:
        writer = _StatementWriter(link.id, plan, factor)
        entries = card if plan is CARD else writer.write(days, payments if plan is CHECKING else {})
        statements.append(AccountStatement(plan, currency, factor, tuple(entries)))
    return statements


def find_currency(link: StoredLink) -> tuple[str, int]:
    """Return the currency of a link, and how many of its units one real buys."""
    return CURRENCIES[link.institution.split("_")[1]]


class _StatementWriter:
    """Writes the statement of one account, day by day."""

    def __init__(self, link_id: str, plan: AccountPlan, factor: int) -> None:
        self._plan = plan
        self._factor = factor
        self._random = Random(f"{link_id}/{plan.category}")  # noqa: S311 - repeatable test data
        self._balance = Decimal(plan.opening) * factor
        self._hour = OPENING_HOUR

    def write(self, days: list[date], card_payments: dict[date, Decimal]) -> list[Entry]:
        """Return the entries of *days*; *card_payments* leave this account."""
        return [entry for day in days for entry in self._write_day(day, card_payments.get(day))]

    def _write_day(self, day: date, card_payment: Decimal | None) -> Iterator[Entry]:
        self._hour = OPENING_HOUR
        if card_payment is not None:
            yield self._enter(day, _CARD_PAYMENT, card_payment, is_inflow=False)
        if self._plan is CARD and day.day == CARD_PAYMENT_DAY and self._balance:
            yield self._enter(day, _CARD_PAYMENT, self._balance, is_inflow=True)
        for movement in self._plan.movements:
            if movement.day == day.day or self._random.random() < movement.chance:
                yield self._enter(day, movement, self._draw_amount(movement), is_inflow=movement.is_inflow)

    def _draw_amount(self, movement: Movement) -> Decimal:
        limit = Decimal(movement.amount) * self._factor
        return limit if movement.day else CENT * self._random.randint(500, int(limit / CENT))

    def _enter(self, day: date, movement: Movement, amount: Decimal, *, is_inflow: bool) -> Entry:
        self._balance += amount if is_inflow != self._plan.is_debt else -amount
        hour = datetime.combine(day, time(self._hour), UTC)
        self._hour += 1
        return Entry(
            id=str(UUID(int=self._random.getrandbits(128), version=4)),
            at=hour + timedelta(seconds=self._random.randrange(3600)),
            amount=amount,
            is_inflow=is_inflow,
            balance=self._balance,
            movement=movement,
        )
