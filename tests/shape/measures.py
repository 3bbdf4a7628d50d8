#!/usr/bin/env python3
"""Print the measures of the source, each beside what it is to be; fail where one that is held is missed.

`tests/run` prints them. Migrations are left out: they are never changed.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grimp import ImportGraph, build_graph

ROOT: Final = Path(__file__).resolve().parents[2]
MAX_FILE_LINES: Final = 300
MAX_TEMPLATE_WIDTH: Final = 160
MAX_COMPLEXITY: Final = 10
ADAPTERS: Final = {"web", "urls", "management"}
"""The places that may import the web."""

QUESTION_OPENERS: Final = ("What", "How", "Whether", "One", "Who")
SHARED_NAMES: Final = {"Command", "DEFAULT_LIMIT", "FILTERING", "MAX_LIMIT", "PARAMETERS"}
"""Names of one idea in several modules: Django's, and those of the queries of media and of the audit."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the source; it is held to its target once it has reached it."""

    name: str
    target: str
    figure: Callable[[], float]
    is_good: Callable[[float], bool]
    is_held: bool
    unit: str = ""


def sources() -> list[Path]:
    """Return the program's own files, but for migrations."""
    return [file for file in sorted((ROOT / "dashboard").rglob("*.py")) if "migrations" not in file.parts]


def program_sources() -> list[Path]:
    """Return the same without the sandbox, which says the API's words for itself."""
    return [file for file in sources() if "sandbox" not in file.parts]


def trees() -> Iterator[ast.Module]:
    """Return each source parsed."""
    return (ast.parse(file.read_text()) for file in sources())


def definitions() -> Iterator[Definition]:
    """Return every function and class, nested ones too."""
    for tree in trees():
        yield from (node for node in ast.walk(tree) if isinstance(node, Definition))


def package_graph() -> dict[str, set[str]]:
    """Return which packages and modules right under dashboard/ each of them imports, imports within functions
    and for types among them."""
    sys.path.insert(0, str(ROOT))
    graph: ImportGraph = build_graph("dashboard", cache_dir=None)
    places = graph.find_children("dashboard")
    imports: dict[str, set[str]] = {place.partition(".")[2]: set() for place in places}
    for importer in graph.modules - {"dashboard"}:
        for imported in graph.find_modules_directly_imported_by(importer) - {"dashboard"}:
            start, end = importer.split(".")[1], imported.split(".")[1]
            if start != end:
                imports[start].add(end)
    return imports


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return every node that a way along the arrows leads to from `start`."""
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += graph[node]
    return found


def count_packages_in_circles() -> int:
    graph = package_graph()
    return sum(node in reachable(graph, node) for node in graph)


def count_importers_of_web() -> int:
    return sum("web" in imports for name, imports in package_graph().items() if name not in ADAPTERS)


def count_question_docstrings() -> int:
    documented = (*definitions(), *trees())
    openers = ((ast.get_docstring(node) or "").split(" ", 1)[0].rstrip(",.:;") for node in documented)
    return sum(opener in QUESTION_OPENERS for opener in openers)


def count_double_names() -> int:
    """Return how many names of classes and constants stand in several modules; print them."""
    places: defaultdict[str, set[Path]] = defaultdict(set)
    for file in program_sources():
        for name in public_names(ast.parse(file.read_text()).body):
            places[name].add(file)
    double = sorted(name for name, files in places.items() if len(files) > 1 and name not in SHARED_NAMES)
    if double:
        print(f"Names that stand in several modules: {', '.join(double)}")
    return len(double)


def public_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Return the classes and constants that a module defines under a public name."""
    for node in body:
        match node:
            case ast.ClassDef(name=name):
                pass
            case ast.AnnAssign(target=ast.Name(id=name)) if name.isupper():
                pass
            case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                pass
            case _:
                continue
        if len(name) > 1 and not name.startswith("_"):
            yield name


def count_complex_functions() -> int:
    """Return how many functions are too complex by ruff's C901, those with an exception among them."""
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--ignore-noqa", "--select", "C901"]
    limit = ["--config", f"lint.mccabe.max-complexity={MAX_COMPLEXITY}", "--output-format", "json"]
    found = subprocess.run([*ruff, *limit, *map(str, sources())], capture_output=True, text=True)
    return len(json.loads(found.stdout))


def count_long_files() -> int:
    folders = ("dashboard", "tests", "templates", "static")
    files = (file for folder in folders for file in (ROOT / folder).rglob("*"))
    kinds = {".py", ".html", ".js", ".css"}
    ours = (file for file in files if file.suffix in kinds and "node_modules" not in file.parts)
    return sum(len(file.read_text().splitlines()) > MAX_FILE_LINES for file in ours)


def count_wide_template_lines() -> int:
    templates = (ROOT / "templates").rglob("*.html")
    lines = (line for file in templates for line in file.read_text().splitlines())
    return sum(len(line) > MAX_TEMPLATE_WIDTH for line in lines)


def count_readme_words() -> int:
    return len((ROOT / "README.md").read_text().split())


def share_of_documented() -> float:
    """Return in per cent how many public functions and classes at the top of a module have a docstring."""
    counts = Counter(
        bool(ast.get_docstring(node))
        for tree in trees()
        for node in tree.body
        if isinstance(node, Definition) and not node.name.startswith("_")
    )
    return 100 * counts[True] / counts.total()


def count_source_lines() -> int:
    return sum(len(file.read_text().splitlines()) for file in program_sources())


MEASURES: Final = (
    Measure("Packages in import circles", "0", count_packages_in_circles, lambda n: n == 0, True),
    Measure("Importers of web, but urls and management", "0", count_importers_of_web, lambda n: n == 0, True),
    Measure(
        f"Docstrings that open with {', '.join(QUESTION_OPENERS)}",
        "under 20",
        count_question_docstrings,
        lambda n: n < 20,
        True,
    ),
    Measure("Names that stand for two things", "0", count_double_names, lambda n: n == 0, True),
    Measure(
        f"Functions of complexity over {MAX_COMPLEXITY}",
        "under 8",
        count_complex_functions,
        lambda n: n < 8,
        True,
    ),
    Measure(f"Files over {MAX_FILE_LINES} lines", "0", count_long_files, lambda n: n == 0, True),
    Measure(
        f"Template lines over {MAX_TEMPLATE_WIDTH} characters",
        "0",
        count_wide_template_lines,
        lambda n: n == 0,
        True,
    ),
    Measure("Words of the README", "at most 900", count_readme_words, lambda n: n <= 900, True),
    Measure(
        "Public functions and classes with a docstring",
        "at least 95 %",
        share_of_documented,
        lambda n: n >= 95,
        True,
        unit=" %",
    ),
    Measure(
        "Lines of source, without the sandbox",
        "under 18,600",
        count_source_lines,
        lambda n: n < 18_600,
        False,
    ),
)


def main() -> int:
    failed = False
    for measure in MEASURES:
        figure = measure.figure()
        is_good = measure.is_good(figure)
        state = "holds" if is_good else "MISSED" if measure.is_held else "not yet"
        failed |= measure.is_held and not is_good
        print(f"{measure.name:<60} {figure:>8,.0f}{measure.unit:<2}  {measure.target:<14} {state}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
