"""The documents name the settings, commands and files that there are, no others; links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest
from django.core.management import get_commands

from dashboard.urls import urlpatterns

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "dashboard"
README: Final = ROOT / "README.md"
DOCS: Final = ROOT / "docs"
ARCHITECTURE: Final = DOCS / "architecture.md"

DOCUMENTS: Final = [README, ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
DECISIONS: Final = sorted((DOCS / "decisions").glob("*.md"))

MAX_README_WORDS: Final = 900
MAX_README_LINES: Final = 110

READ_BY_OTHERS: Final = {"FORWARDED_ALLOW_IPS", "WEB_CONCURRENCY"}
"""Variables of gunicorn, or of other programs too."""


def short(file: Path) -> str:
    return str(file.relative_to(ROOT))


def read_settings() -> set[str]:
    """Every variable that the settings, those of the sign-on and the server's take from the environment."""
    files = ("settings.py", "auth/settings.py", "server.py")
    sources = [(PACKAGE / name).read_text() for name in files]
    calls = r"(?:env\.\w+|os\.environ\.get|reader\.read_(?:optional|required))\(\s*\"([A-Z_]+)\""
    return {name for source in sources for name in re.findall(calls, source)}


def read_rows(file: Path) -> Iterator[list[str]]:
    """Return the cells of every row of the file's tables, their headings included."""
    for line in file.read_text().splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def read_variables() -> set[str]:
    """Every variable that has a row in a table of docs/deploy.md."""
    return {name for row in read_rows(DOCS / "deploy.md") for name in re.findall(r"`([A-Z_]{5,})`", row[0])}


def test_the_settings_are_found() -> None:
    some = {"VAULTPLUS_API_URL", "DATABASE_URL", "DASHBOARD_BIND", "DASHBOARD_AUTH", "DASHBOARD_AUTH_SECRET"}
    assert some <= read_settings()


@pytest.mark.parametrize("name", sorted(read_settings()))
def test_every_setting_has_a_row(name: str) -> None:
    assert name in read_variables()


@pytest.mark.parametrize("name", ["VAULTPLUS_API_KEY_FILE", "DASHBOARD_SECRET_KEY_FILE"])
def test_the_files_of_secrets_have_a_row(name: str) -> None:
    assert name in read_variables()


def test_every_row_is_a_setting() -> None:
    known = read_settings() | READ_BY_OTHERS
    assert {name for name in read_variables() if name.removesuffix("_FILE") not in known} == set()


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_no_document_names_a_setting_that_is_gone(file: Path) -> None:
    named = set(re.findall(r"\b(?:VAULTPLUS|DASHBOARD)_[A-Z_]*[A-Z]\b", file.read_text()))
    assert {name for name in named if name.removesuffix("_FILE") not in read_settings()} == set()


@pytest.mark.parametrize("command", ["manage.py demo", "tests/run", "manage.py worker", "gunicorn -c"])
def test_the_readme_names_the_commands(command: str) -> None:
    assert command in README.read_text()


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_every_command_that_is_named_exists(file: Path) -> None:
    named = set(re.findall(r"\bmanage\.py ([a-z_]+)", file.read_text()))
    assert named <= set(get_commands())


def test_the_deployment_names_every_command_of_ours() -> None:
    ours = {name for name, app in get_commands().items() if app == "dashboard"}
    text = "".join(file.read_text() for file in DOCUMENTS)
    assert {name for name in ours if f"manage.py {name}" not in text} == set()


def test_the_readme_is_short() -> None:
    text = README.read_text()
    assert len(text.split()) <= MAX_README_WORDS
    assert len(text.splitlines()) <= MAX_README_LINES


def find_anchors(file: Path) -> set[str]:
    """Return the anchors of the file's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def find_links(file: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`]*`", "", text)
    return re.findall(r"\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_every_link_leads_somewhere(file: Path) -> None:
    for link in find_links(file):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), link
        assert not anchor or anchor in find_anchors(target), link


def test_every_document_is_linked() -> None:
    linked = {
        (file.parent / link.partition("#")[0]).resolve() for file in DOCUMENTS for link in find_links(file)
    }
    files = {file for file in DOCS.rglob("*") if file.is_file()}
    assert files - linked == set()


@pytest.mark.parametrize("file", [file for file in DOCUMENTS if file.name != "CHANGELOG.md"], ids=short)
def test_every_file_that_is_named_exists(file: Path) -> None:
    """Paths in code style: of the repository, of the program's package, or of the templates."""
    text = re.sub(r"^```.*?^```", "", file.read_text(), flags=re.DOTALL | re.MULTILINE)
    named = re.findall(
        r"`((?:dashboard|templates|static|tests)/[\w/.-]*|[\w.-]+/[\w/.-]+\.(?:py|html))`", text
    )
    places = (ROOT, PACKAGE, ROOT / "templates")
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def read_map() -> set[Path]:
    return {ROOT / name for row in read_rows(ARCHITECTURE) for name in re.findall(r"`([\w/]+/)`", row[0])}


def test_the_map_has_every_package() -> None:
    packages = {file.parent for file in PACKAGE.rglob("__init__.py")}
    inner = {PACKAGE, PACKAGE / "management/commands"}
    assert packages - inner - read_map() == set()


def test_the_map_has_every_folder_of_tests() -> None:
    folders = {file.parent for file in (ROOT / "tests").glob("*/*.py")}
    assert folders - read_map() == set()


LAYERS: Final = {"view", "form", "domain", "vault", "presenter"}


def read_requests() -> dict[str, list[str]]:
    """The table of six requests: for each layer, a cell for each request."""
    rows = list(read_rows(ARCHITECTURE))
    head = next(number for number, row in enumerate(rows) if row[1:3] == ["list", "delete"])
    return {row[0]: row[1:] for row in rows[head : head + 9]}


def find_path(cell: str) -> str:
    found = re.search(r"`([^`]+)`", cell)
    return found[1] if found else ""


def test_the_files_of_six_requests_exist() -> None:
    table = read_requests()
    assert set(table) == {"", "address", "name in `urls.py`", "template", *LAYERS}
    for layer in LAYERS:
        assert [cell for cell in table[layer] if not (PACKAGE / find_path(cell)).exists()] == []
    assert [cell for cell in table["template"] if not (ROOT / "templates" / find_path(cell)).is_file()] == []
    for layer in LAYERS - {"vault"}:
        assert all(map(find_path, table[layer]))


def test_the_addresses_of_six_requests_lead_to_their_views() -> None:
    table = read_requests()
    views = {str(pattern.name): pattern.callback for pattern in urlpatterns}
    routes = {str(pattern.name): str(pattern.pattern) for pattern in urlpatterns}
    for address, name, view in zip(table["address"], table["name in `urls.py`"], table["view"], strict=True):
        module = views[find_path(name)].__module__
        assert module == f"dashboard.{find_path(view).removesuffix('.py').replace('/', '.')}"
        last = find_path(address).strip("/").rpartition("/")[2]
        assert last in routes[find_path(name)]


def test_there_are_as_many_decisions_as_one_reads() -> None:
    assert 12 <= len(DECISIONS) <= 15
    assert [file.name[:4] for file in DECISIONS] == [f"{n:03}-" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("file", DECISIONS, ids=short)
def test_a_decision_has_its_parts(file: Path) -> None:
    text = file.read_text()
    assert text.startswith(f"# {file.name[:3]}: ")
    assert re.search(r"^\d{4}-\d\d-\d\d$", text, re.MULTILINE)
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Context", "Choice", "Why", "What would change it"]


@pytest.mark.parametrize(
    "row", [row for row in read_rows(DOCS / "security.md") if row[-1].startswith("`")], ids=str
)
def test_what_is_said_to_be_tested_is_tested(row: list[str]) -> None:
    file = ROOT
    for path, name in re.findall(r"`([^`:]*)(?:::(\w+))?`", row[-1]):
        file = ROOT / path if path else file
        assert file.exists(), file
        assert not name or f"def {name}(" in file.read_text()
