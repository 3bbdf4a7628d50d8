"""Collecting static files: a style sheet holds what it imports, under a name of its whole content, and no
comments."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from dashboard.web.static_files import strip_script, strip_sheet

SHEETS: Final = sorted((settings.BASE_DIR / "static" / "css").glob("*.css"))


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """Where the static files of a made-up program are, and nobody else's."""
    folder = tmp_path / "source"
    folder.mkdir()
    finders = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    root = str(tmp_path / "collected")
    with override_settings(STATICFILES_DIRS=[folder], STATICFILES_FINDERS=finders, STATIC_ROOT=root):
        yield folder


def write(folder: Path, sheets: dict[str, str]) -> None:
    """Write each style sheet under its name."""
    for name, text in sheets.items():
        file = folder / "css" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def collect() -> dict[str, Path]:
    """Return each file's collected copy by its name, as the manifest has it."""
    call_command("collectstatic", interactive=False, verbosity=0)
    collected = Path(settings.STATIC_ROOT)
    paths = json.loads((collected / "staticfiles.json").read_text())["paths"]
    return {name: collected / path for name, path in paths.items()}


def test_a_sheet_holds_what_it_imports_in_that_order(source: Path) -> None:
    sheets = {
        "all.css": '/* @import; */\n@layer a, b;\n@import "base/a.css";\n@import "base/more/b.css";\n',
        "base/a.css": "a { color: red }\n",
        "base/more/b.css": '@import "../../c.css";\nb { color: red }\n',
        "c.css": "c { color: red }\n",
    }
    write(source, sheets)
    sheet = collect()["css/all.css"]
    assert re.fullmatch(r"all\.[0-9a-f]{12}\.css", sheet.name)
    assert sheet.read_text() == "@layer a, b;a { color: red }c { color: red }b { color: red }"


def test_the_compressed_copies_are_of_the_whole(source: Path) -> None:
    write(source, {"all.css": '@import "a.css";\n', "a.css": "a { color: red }\n" * 40})
    sheet = collect()["css/all.css"]
    assert gzip.decompress(Path(f"{sheet}.gz").read_bytes()) == sheet.read_bytes()
    assert Path(f"{sheet}.br").exists()


def test_a_change_of_an_imported_sheet_changes_the_name(source: Path) -> None:
    imports = {"all.css": '@import "a.css";', "a.css": '@import "b.css";'}
    write(source, {**imports, "b.css": "b { color: red }", "other.css": "i { color: red }"})
    before = collect()
    write(source, {"b.css": "b { color: blue }"})
    after = collect()
    assert after["css/all.css"] != before["css/all.css"]
    assert after["css/all.css"].read_text() == "b { color: blue }"
    assert after["css/other.css"] == before["css/other.css"]


def test_addresses_in_an_imported_sheet_lead_where_they_led(source: Path) -> None:
    (source / "dot.svg").write_text("<svg/>")
    elsewhere = ["data:image/svg+xml,x", "#shape", "/elsewhere.svg"]
    addresses = ", ".join(f'url("{one}")' for one in ["../../dot.svg", "../../dot.svg#x", *elsewhere])
    rule = f"a {{ background: url(../../dot.svg), {addresses} }}"
    write(source, {"all.css": '@import "base/a.css";', "base/a.css": rule})
    collected = collect()
    dot = f"../{collected['dot.svg'].name}"
    found = re.findall(r"""url\(["']?([^"')]*)""", collected["css/all.css"].read_text())
    assert found == [dot, dot, f"{dot}#x", *elsewhere]


A_CIRCLE: Final = "Style sheets import each other in a circle: "
A_FORM: Final = 'an import has to be of the form @import "file";'
REFUSED: Final[dict[str, tuple[str, str, str]]] = {
    "missing": (
        '@import "base/b.css";',
        "",
        'css/a.css imports "base/b.css", and there is no file css/base/b.css',
    ),
    "circle": ('@import "b.css";', '@import "a.css";', f"{A_CIRCLE}css/a.css > css/b.css > css/a.css"),
    "itself": ('@import "a.css";', "", f"{A_CIRCLE}css/a.css > css/a.css"),
    "address": ("@import url(b.css);", "", f'css/a.css has "@import url(b.css);"; {A_FORM}'),
    "condition": ('@import "b.css" print;', "", f'css/a.css has "@import "b.css" print;"; {A_FORM}'),
}


@pytest.mark.parametrize(("a", "b", "sentence"), REFUSED.values(), ids=REFUSED)
def test_an_import_that_cannot_be_followed_is_refused(source: Path, a: str, b: str, sentence: str) -> None:
    write(source, {"a.css": a, "b.css": b})
    with pytest.raises(CommandError) as refused:
        collect()
    assert str(refused.value) == sentence


def test_a_dry_run_writes_nothing(source: Path) -> None:
    write(source, {"all.css": '@import "nowhere.css";'})
    call_command("collectstatic", interactive=False, verbosity=0, dry_run=True)
    assert not Path(settings.STATIC_ROOT).exists()


def write_scripts(folder: Path, **scripts: str) -> None:
    """Write each module under its name."""
    (folder / "js").mkdir(exist_ok=True)
    for name, text in scripts.items():
        (folder / "js" / f"{name}.js").write_text(text)


def test_a_script_holds_the_modules_that_it_imports_each_by_itself(source: Path) -> None:
    modules = {"a": "a(1);\n" * 40, "b": "const name = '2'; // import 'nothing'\n"}
    write_scripts(source, all='import "./a.js";\nimport "./b.js";\n', **modules)
    script = collect()["js/all.js"]
    assert script.read_text() == f"{{\n{modules['a']}}}\n{{\n{modules['b']}}}\n"
    assert gzip.decompress(Path(f"{script}.gz").read_bytes()) == script.read_bytes()
    write_scripts(source, a="const name = 3;\n")
    assert collect()["js/all.js"] != script


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (None, 'js/all.js imports "./a.js", and there is no file js/a.js'),
        (
            'import "./b.js";\n',
            'js/a.js has "import "./b.js";", and js/all.js can only import what stands alone',
        ),
        ("export let a;\n", 'js/a.js has "export let a;", and js/all.js can only import what stands alone'),
    ],
)
def test_a_module_that_cannot_be_joined_is_refused(source: Path, module: str | None, sentence: str) -> None:
    write_scripts(source, all='import "./a.js";\n', b="", **({} if module is None else {"a": module}))
    with pytest.raises(CommandError) as refused:
        collect()
    assert str(refused.value) == sentence


def test_comments_and_indentation_are_left_out_and_texts_are_not(source: Path) -> None:
    sheet = '/* One. */\na {\n  /* Two,\n     three. */\n\n  b: c; /* four */\n  content: "  d; ";\n}\n'
    write(source, {"all.css": sheet})
    write_scripts(source, all='// One.\n\nif (a) {\n  // Two.\n  b(" // c"); // three\n  c(`  //d`);\n}\n')
    (source / "other.js").write_text("  // Not ours: `\n  a();\n")
    collected = collect()
    assert collected["css/all.css"].read_text() == 'a {b: c; content: "  d; ";}'
    assert collected["js/all.js"].read_text() == 'if (a) {\nb(" // c");\nc(`  //d`);\n}\n'
    assert collected["other.js"].read_text() == "  // Not ours: `\n  a();\n"


def test_a_text_of_several_lines_is_refused_in_a_script(source: Path) -> None:
    write_scripts(source, all="a(`b\n  // c`);\n")
    with pytest.raises(
        CommandError, match=r"js/all\.js has .*; a text between backticks has to end on its line"
    ):
        collect()


def test_the_scripts_of_every_page_are_one(collected_static: Path) -> None:
    paths = json.loads((collected_static / "staticfiles.json").read_text())["paths"]
    text = (collected_static / paths["js/site.js"]).read_text()
    assert "import " not in re.sub("//.*", "", text)
    for name in ("dashboard", "requests", "selection"):
        assert strip_script(name, (settings.BASE_DIR / "static" / "js" / f"{name}.js").read_text()) in text


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_page_gets_each_of_our_sheets_whole(sheet: Path, collected_static: Path) -> None:
    paths = json.loads((collected_static / "staticfiles.json").read_text())["paths"]
    text = blank_addresses((collected_static / paths[f"css/{sheet.name}"]).read_text())
    assert "@import" not in text
    for part in re.findall(r'@import "([^"]+)"', sheet.read_text()):
        assert blank_addresses(strip_sheet((sheet.parent / part).read_text())) in text


def blank_addresses(text: str) -> str:
    """The sheet without the addresses of other files, which move with it."""
    return re.sub(r"url\([^)]*\)", "url()", text)


def test_no_sheet_is_forgotten() -> None:
    folder = settings.BASE_DIR / "static" / "css"
    imported = [part for sheet in SHEETS for part in re.findall(r'@import "([^"]+)"', sheet.read_text())]
    assert sorted(imported) == sorted(str(file.relative_to(folder)) for file in folder.glob("*/*.css"))
