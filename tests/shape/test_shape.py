"""The shape of the house: how long files are, that names tell the story, and which imports no contract of
import-linter (pyproject.toml) can forbid."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from dashboard.urls import urlpatterns

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "dashboard"
TEMPLATES: Final = ROOT / "templates"
LONGEST: Final = 320

SOURCES: Final = sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """Every module that the file imports, anywhere in it; relative ones as their whole names."""
    package = name_of(file) if file.name == "__init__.py" else name_of(file).rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: -(node.level - 1) or None] if node.level else []
            base = ".".join([*parts, node.module] if node.module else parts)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(folder: str) -> list[Path]:
    return [file for file in SOURCES if file.relative_to(PACKAGE).is_relative_to(folder)]


def reaches(file: Path, *modules: str) -> list[str]:
    return [one for one in imports(file) if any(one == m or one.startswith(f"{m}.") for m in modules)]


def test_only_the_vault_and_the_sign_on_send_by_the_standard_library() -> None:
    others = {PACKAGE / name for name in ("demo.py", "management/commands/demo.py", "auth/jwks.py")}
    for file in set(SOURCES) - set(within("vault")) - set(within("sandbox")) - others:
        assert reaches(file, "http.client", "urllib.request") == [], file


def test_only_the_service_makes_a_client() -> None:
    for file in SOURCES:
        if reaches(file, "dashboard.vault.VaultClient"):
            assert file.name == "service.py" or file in within("vault"), file


def test_the_service_knows_nothing_of_requests_and_answers() -> None:
    for name in ("service.py", "units.py", "web/presenters/removal.py"):
        found = reaches(PACKAGE / name, "django.http", "django.shortcuts", "django_htmx")
        assert found == [], name


@pytest.mark.parametrize("folder", ["dashboard", "tests", "templates", "static"])
def test_no_file_is_long(folder: str) -> None:
    kinds = {".py", ".html", ".js", ".css"}
    files = [file for file in (ROOT / folder).rglob("*") if file.suffix in kinds]
    files = [file for file in files if "node_modules" not in file.parts]
    assert files
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST}
    assert long == {}


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: str(pattern.name))
def test_an_address_its_view_and_its_test_share_a_name(pattern: Any) -> None:
    name = pattern.name.replace("-", "_")
    assert pattern.callback.__name__ == name
    assert (ROOT / "tests" / "pages" / f"test_{name}.py").exists()


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_every_module_says_what_it_promises(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert not tree.body or ast.get_docstring(tree) or "migrations" in file.parts


WORN_OUT: Final = {"utils", "helpers", "manager", "common", "misc"}


def test_no_file_has_a_worn_out_name() -> None:
    assert {file.stem for file in SOURCES} & WORN_OUT == set()


ALL_TEMPLATES: Final = sorted(TEMPLATES.rglob("*.html"))
FRAGMENTS: Final = [file for file in ALL_TEMPLATES if file.name.startswith("_")]


def short(file: Path) -> str:
    return str(file.relative_to(TEMPLATES))


def first_element(file: Path) -> str:
    """The first tag that the template prints, be it that of a macro or an include that comes first."""
    source = re.sub(r"{#.*?#}", "", file.read_text(), flags=re.DOTALL)
    calls = re.search(r"{%-? call (\w+)\(", source)
    tag = re.search(r"<[a-z][^>]*", source)
    if calls and (tag is None or calls.start() < tag.start()):
        found = re.search(rf'{{% from "([^"]+)" import [^%]*\b{calls[1]}\b', source)
        assert found, f"{short(file)} calls a macro from nowhere"
        return first_element(TEMPLATES / found[1])
    assert tag, f"{short(file)} prints no element"
    return tag[0]


@pytest.mark.parametrize("file", FRAGMENTS, ids=short)
def test_a_fragments_first_element_has_its_name_as_id(file: Path) -> None:
    assert f' id="{file.stem.removeprefix("_")}"' in first_element(file)


@pytest.mark.parametrize("file", ALL_TEMPLATES, ids=short)
def test_a_template_opens_with_its_contract(file: Path) -> None:
    assert file.read_text().startswith("{#")


FORBIDDEN: Final = {
    "an inline style": r"<style|\sstyle=",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an inline handler": r"\son[a-z]+=|hx-on",
    "a script in a value": r"javascript:|hx-vals=.js:|hx-headers=.js:",
    "a link to nowhere": r'href="#"',
}


@pytest.mark.parametrize("file", ALL_TEMPLATES, ids=short)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_template_has_nothing_that_the_policy_forbids(file: Path, what: str) -> None:
    assert not re.search(FORBIDDEN[what], file.read_text())


@pytest.mark.parametrize("file", ALL_TEMPLATES, ids=short)
def test_what_htmx_does_works_without_it(file: Path) -> None:
    """Beside each address for htmx stands a real one, except where only the script's own timer asks."""
    for tag in re.findall(r"<[a-z]+[^>]*\shx-(?:get|post)=[^>]*>", file.read_text()):
        assert re.search(r"\s(href|action)=", tag) or 'hx-trigger="every' in tag, tag
