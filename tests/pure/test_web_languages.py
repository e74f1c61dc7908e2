"""What the pages say is said in every language."""

import re

import pytest

from belvo_async.web._languages import CATALOGS, NAMES, TAGS, choose_language

FIELDS = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", CATALOGS)
def test_every_text_is_there_with_the_same_fields(language: str) -> None:
    texts, english = CATALOGS[language], CATALOGS["en"]
    assert texts.keys() == english.keys()
    for key, text in texts.items():
        assert text == text.strip() != ""
        assert sorted(FIELDS.findall(text)) == sorted(FIELDS.findall(english[key])), key
    assert language in NAMES
    assert language in TAGS


@pytest.mark.parametrize("language", ["es", "pt"])
def test_nothing_was_left_in_english(language: str) -> None:
    same = {key for key, text in CATALOGS[language].items() if text == CATALOGS["en"][key]}
    assert same <= {"minutes", "link_head"}


def test_a_header_of_any_length_is_read_quickly() -> None:
    assert choose_language(None, "x;q=" * 100_000, "es") == "es"
