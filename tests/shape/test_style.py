"""How templates, style sheets and scripts are written: lines one can read, and no rule that nobody uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATES: Final = sorted((ROOT / "templates").rglob("*.html"))
STYLES: Final = sorted((ROOT / "static" / "css").rglob("*.css"))
SCRIPTS: Final = sorted((ROOT / "static" / "js").glob("*.js"))
SOURCES: Final = sorted([*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
MAX_TEMPLATE_WIDTH: Final = 160
MAX_WIDTH: Final = 110


def find_wide_lines(files: list[Path], limit: int) -> list[str]:
    """Return each line longer than the limit, by file and number."""
    return [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > limit
    ]


def test_no_line_of_a_template_or_script_is_wide() -> None:
    assert TEMPLATES
    assert SCRIPTS
    assert find_wide_lines(TEMPLATES, MAX_TEMPLATE_WIDTH) == []
    assert find_wide_lines(SCRIPTS, MAX_WIDTH) == []


@pytest.mark.parametrize("file", STYLES, ids=lambda file: str(file.relative_to(ROOT / "static" / "css")))
def test_a_line_of_a_style_sheet_is_one_declaration(file: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
    for line in text.splitlines():
        assert line.count(";") + line.count("{") + line.count("}") <= 1, line


def test_every_class_with_a_style_is_used() -> None:
    used = "\n".join(file.read_text() for file in [*TEMPLATES, *SCRIPTS, *SOURCES])
    styled: set[str] = set()
    for file in STYLES:
        text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        for selector in re.findall(r"^[^@\n;]*\{$|^[^@\n;:]*,$", text, re.MULTILINE):
            styled |= set(re.findall(r"\.([a-z][\w-]*)", selector))
    assert "row" in styled
    assert [name for name in sorted(styled) if not re.search(rf"(?<![\w-]){name}(?![\w-])", used)] == []


def test_no_comment_is_a_banner() -> None:
    for file in [*TEMPLATES, *STYLES, *SCRIPTS, *SOURCES]:
        assert not re.search(r"^\s*(?:#|//|/\*|{#)\s*[─═=*#-]{2,}", file.read_text(), re.MULTILINE), file
