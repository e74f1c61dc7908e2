"""The people who own the accounts."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from belvo_async.sandbox._data.origin import derive_digits, derive_id
from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._links import StoredLink, print_time

FIRST_NAMES: Final = ("Ana", "Bruno", "Clara", "Diego", "Elisa", "Fabio", "Gabriela", "Hugo")
LAST_NAMES: Final = ("Almeida", "Barros", "Castro", "Duarte", "Esteves", "Ferraz", "Gomes", "Haddad")
STREETS: Final = ("Rua das Acacias", "Avenida Central", "Calle del Sol", "Rua Nova")


def name_person(link: StoredLink) -> str:
    """Return the name of the owner of *link*."""
    chance = Random(f"{link.id}/name")  # noqa: S311 - repeatable test data
    return f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"


def find_document(link: StoredLink) -> str:
    """Return the number of the owner's document."""
    return derive_digits(11, link.id, "document")


def build_owners(link: StoredLink, at: datetime) -> list[Fields]:
    """Return the one owner of *link*."""
    chance = Random(f"{link.id}/owner")  # noqa: S311 - repeatable test data
    name = name_person(link)
    email = f"{name.lower().replace(' ', '.')}@example.com"
    address = f"{chance.choice(STREETS)}, {chance.randint(1, 999)}"
    phone = derive_digits(9, link.id, "phone")
    born = date(1950, 1, 1) + timedelta(days=chance.randrange(20_000))
    return [
        {
            "id": derive_id(link.id, "owner"),
            "link": link.id,
            "internal_identification": derive_digits(8, link.id, "owner"),
            "collected_at": print_time(at),
            "created_at": print_time(at),
            "display_name": name,
            "social_name": None,
            "birth_date": born.isoformat(),
            "marital_status": chance.choice(("SINGLE", "MARRIED", "DIVORCED")),
            "marital_status_additional_info": None,
            "gender": chance.choice(("FEMALE", "MALE", "OTHER")),
            "companies_id": [derive_digits(14, link.id, "company")],
            "is_local_resident": True,
            "document_id": {
                "document_type": "CPF",
                "document_number": find_document(link),
            },
            "additional_documents": [],
            "nationalities": [],
            "email": email,
            "emails": [{"is_main": True, "email": email}],
            "address": address,
            "addresses": [_build_address(address)],
            "phone_number": f"+55 11 {phone}",
            "phone_numbers": [_build_phone(phone)],
            "filiations": [],
            "financial_profile": None,
            "financial_relation": None,
        }
    ]


def _build_address(address: str) -> Fields:
    return {
        "is_main": True,
        "address": address,
        "additional_info": None,
        "district_name": "CENTRO",
        "town": "Brasilia",
        "town_code": "5300108",
        "state": "DF",
        "postcode": "70040010",
        "country_name": "Brasil",
        "country_code": "BRA",
        "latitude": None,
        "longitude": None,
    }


def _build_phone(number: str) -> Fields:
    return {
        "is_main": True,
        "type": "MOBILE",
        "additional_info": None,
        "number": number,
        "country_code": "55",
        "area_code": "11",
        "extension": None,
    }
