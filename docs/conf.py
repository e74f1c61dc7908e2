"""How Sphinx builds these pages: offline, and with every warning an error."""

import re
from pkgutil import iter_modules
from typing import Any

import attrs
from docutils import nodes  # type: ignore[import-untyped]
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import stringify_annotation

import belvo_async
from belvo_async import bulk, mfa, models, telemetry

project = "belvo_async"
author = "The belvo_async authors"
project_copyright = author
version = release = belvo_async.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = f"{project} {version}"
html_show_sourcelink = False

default_role = "code"  # docstrings write `name`, as Markdown does
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
add_module_names = False  # each page says where its names are imported from
python_maximum_signature_line_length = 88

# Many fields are called `type`, and a signature may name the builtin.
suppress_warnings = ["ref.python"]
nitpick_ignore_regex = [
    # The build is offline, so names of other projects have nothing to point at.
    (r"py:.*", r"(collections|contextlib|datetime|decimal|enum|os|ssl|types|typing|uuid|aiohttp)\..*"),
    (
        r"py:.*",
        r"web\.Application|AsgiApp|(opentelemetry|procrastinate)\..*|(trace\.Tracer|metrics\.Meter)Provider",
    ),
    (r"py:.*", r"temporalio\..*|TemporalClient"),
    # Type variables and keyword bundles of private modules: readers see what they stand for.
    (
        r"py:.*",
        r"belvo_async\.(\w+\.)?_.*\.(M|M_co|R|T|PoolSettings|BankUser|ChallengeFields)",
    ),
    (r"py:.*", r"belvo_async\.mfa\.(T|T_co)"),
]

_PUBLIC = (
    *(
        f"belvo_async.models.{found.name}"
        for found in iter_modules(models.__path__)
        if not found.name.startswith("_")
    ),
    "belvo_async",
    "belvo_async.backends",
    "belvo_async.bulk",
    "belvo_async.contrib.opentelemetry",
    "belvo_async.contrib.procrastinate",
    "belvo_async.contrib.temporal",
    "belvo_async.errors",
    "belvo_async.fleet",
    "belvo_async.mfa",
    "belvo_async.models",
    "belvo_async.params",
    "belvo_async.resources",
    "belvo_async.sandbox",
    "belvo_async.telemetry",
    "belvo_async.testing",
    "belvo_async.testing.challenge_store_suite",
    "belvo_async.testing.coordinator_suite",
    "belvo_async.testing.ledger_suite",
    "belvo_async.web",
)
_FIELDS = frozenset({"attribute", "data", "property"})
_COLON = "\ue000"
_DEFAULT = re.compile(r"attr_dict\['(\w+)'\]\.default")
_ALIASES = {
    stringify_annotation(alias, "smart"): f"~belvo_async.{name}"
    for name, alias in {
        "Observer": telemetry.Observer,
        "Observation": telemetry.Observation,
        "TokenProvider": belvo_async.TokenProvider,
        "bulk.CredentialsProvider": bulk.CredentialsProvider,
        "bulk.Outcome": bulk.Outcome,
        "mfa.State": mfa.State,
        "mfa.Event": mfa.Event,
    }.items()
}


def resolve_private_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Point a type that is defined in a private module at its public name."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    domain = env.domains.python_domain
    found = (
        domain.resolve_xref(env, node["refdoc"], app.builder, "obj", f"{package}.{name}", node, content)
        for package in _PUBLIC
    )
    return next((reference for reference in found if reference is not None), None)


def prepare_docstring(_app: Sphinx, what: str, *event: Any) -> None:
    """Hide the colons of a field's docstring from napoleon, and drop what a module says of itself."""
    lines: list[str] = event[-1]
    if what in _FIELDS:  # else napoleon takes what stands before a colon for a type
        lines[:] = [line.replace(":", _COLON) for line in lines]
    if what == "module":
        lines.clear()  # the page says it


def write_signature(
    _app: Sphinx, _what: str, _name: str, thing: object, *event: Any
) -> tuple[str, str] | None:
    """Write a signature as a reader needs it: types by their names, and without attrs' own bookkeeping."""
    signature: str | None = event[-2]
    if signature is None:
        return None
    for meaning, name in _ALIASES.items():
        signature = signature.replace(meaning, name)
    if not (isinstance(thing, type) and attrs.has(thing)):
        return signature, event[-1]
    fields = attrs.fields_dict(thing)
    written = _DEFAULT.sub(lambda match: repr(fields[match[1]].default), signature)
    for name, field in fields.items():
        if field.converter is not None:  # a converter takes any object, to say what is wrong with it
            kind = stringify_annotation(field.type, "smart", short_literals=True)
            written = written.replace(f" {name}: object", f" {name}: {kind}").replace(
                f"({name}: object", f"({name}: {kind}"
            )
    return written, event[-1]


def restore_colons(*event: Any) -> None:
    """Undo what `prepare_docstring` hid from napoleon."""
    lines: list[str] = event[-1]
    lines[:] = [line.replace(_COLON, ":") for line in lines]


def setup(app: Sphinx) -> None:
    """Hook the functions in."""
    app.connect("missing-reference", resolve_private_name)
    app.connect("autodoc-process-signature", write_signature)
    app.connect("autodoc-process-docstring", prepare_docstring, priority=400)
    app.connect("autodoc-process-docstring", restore_colons, priority=600)
