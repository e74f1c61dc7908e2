"""The README, the changelog and the documentation keep the form that readers rely on."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from belvo_async import errors, mfa
from tests.docs.pages import CHANGELOG, DOCS, README, ROOT, list_pages, name_page, read_blocks
from tests.surface import MODULES, find_public

HEADINGS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:)(?P<path>[^)#]*)(?:#(?P<anchor>[^)]*))?\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_WHOLE_MODULE = re.compile(r"^\.\. automodule:: ([\w.]+)", re.MULTILINE)
_DOCUMENTED = re.compile(r"^\.\. (?:auto)?(?:class|data|function|exception):: ([\w.]+)", re.MULTILINE)


def test_the_readme_is_short_and_shows_an_example_early() -> None:
    lines = README.read_text("utf-8").splitlines()
    assert len(lines) <= 90
    first = next(block for block in read_blocks(README) if block.info == "python")
    assert first.line + len(first.text.splitlines()) - 1 < 30


@pytest.mark.parametrize("page", list_pages(), ids=name_page)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for match in _LINK.finditer(_FENCED.sub("", page.read_text("utf-8"))):
        target = (page.parent / match["path"]).resolve() if match["path"] else page
        assert target.is_file(), f"{name_page(page)}: {match[0]}"
        if match["anchor"]:
            assert match["anchor"] in _list_anchors(target), f"{name_page(page)}: {match[0]}"


def _list_anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [page for page in list_pages() if DOCS in page.parents], ids=name_page)
def test_every_page_is_in_a_table_of_contents(page: Path) -> None:
    listed = {
        (index.parent / f"{line}.md").resolve()
        for index in DOCS.rglob("index.md")
        for block in read_blocks(index)
        if block.info == "{toctree}"
        for line in block.text.splitlines()
    }
    assert page == DOCS / "index.md" or page in listed


@pytest.mark.parametrize("page", list_pages(), ids=name_page)
def test_fences_are_closed_and_known(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(list(read_blocks(page)))
    known = {"python", "sh", "text"}
    assert all(block.info in known or block.info.startswith("{") for block in read_blocks(page))


def test_the_changelog_keeps_its_form() -> None:
    text = CHANGELOG.read_text("utf-8")
    assert text.startswith("# Changelog\n")
    versions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    released = re.compile(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}")
    assert all(released.fullmatch(version) for version in versions[1:])
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= set(HEADINGS)
    entries = re.findall(r"(?<=\n\n)- .*(?=\n\n|\n\Z)", text)
    assert len(entries) == len(re.findall(r"^- ", text, re.MULTILINE)), "a blank line between entries"


def _list_documented() -> set[int]:
    """Return what the reference documents, under whichever module, as ids of the objects."""
    things = set[int]()
    for page in (DOCS / "reference").glob("*.md"):
        for block in read_blocks(page):
            for name in _WHOLE_MODULE.findall(block.text):
                module = import_module(name)
                things.update(id(getattr(module, shown)) for shown in find_public(module))
            for part in re.split(r"^\.\. (?:currentmodule|module):: ", block.text, flags=re.MULTILINE)[1:]:
                module = import_module(part.split()[0])
                things.update(id(getattr(module, name)) for name in _DOCUMENTED.findall(part))
    return things


@pytest.mark.parametrize("name", [name for name in MODULES if name != "belvo_async.errors"])
def test_every_public_name_is_in_the_reference(name: str) -> None:
    module = import_module(name)
    whole = {id(thing) for thing in (*vars(errors).values(), *vars(mfa).values())}  # a page each
    pages = whole if module is not mfa else {id(thing) for thing in vars(errors).values()}
    shown = {found: getattr(module, found) for found in find_public(module) if found != "__version__"}
    named = {found for found, thing in shown.items() if not isinstance(thing, ModuleType)}
    assert {found for found in named if id(shown[found]) not in {*pages, *_list_documented()}} == set()


def test_every_rule_that_the_code_cites_is_on_the_page_of_rules() -> None:
    page = (DOCS / "explanation" / "rules.md").read_text("utf-8")
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    files = (path for folder in ("belvo_async", "tests") for path in (ROOT / folder).rglob("*.py"))
    cited = {
        rule.strip()
        for path in files
        if path != Path(__file__)
        for found in re.findall(r"\(rules?: ([A-Z][^)]*)\)", path.read_text("utf-8"))
        for rule in " ".join(found.split()).split(", ")
    }
    assert cited
    assert cited - set(headings) == set()
