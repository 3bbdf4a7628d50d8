"""Static files as they are collected: a style sheet or script of ours becomes one file with all that it
imports, without comments and indentation."""

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath, relpath, splitext
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from django.core.management import CommandError
from whitenoise.storage import CompressedManifestStaticFilesStorage

FoundFiles = dict[str, tuple[Storage, str]]
"""Each file by its name: the storage that has it, and its path there."""

_IMPORT: Final = re.compile(r'/\*.*?\*/|@import\s+(?:"(?P<address>[^"]+)"\s*;\n?|[^;]*;)', re.DOTALL)
_MODULE_IMPORT: Final = re.compile(r'^import "(?P<address>[^"]+)";\n', re.MULTILINE)
_MODULE_WORDS: Final = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_SHEET_FILLING: Final = re.compile(r"/\*.*?\*/\s*|^\s+", re.DOTALL | re.MULTILINE)
_SHEET_BREAKS: Final = re.compile(r"(?<=[{};])\n")
_SCRIPT_FILLING: Final = re.compile(r"""^\s*//.*\n|^\s+| +// [^"'`\n]*$""", re.MULTILINE)
_RELATIVE_URL: Final = re.compile(r"""(?P<start>url\(\s*+["']?+)(?!/|#|[a-z]+:)(?P<address>[^"')]+)""")


class JoiningStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """Puts imported style sheets and scripts in the place of their imports: a browser asks once."""

    def post_process(self, paths: FoundFiles, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Hash and compress the files, each style sheet and script of ours with its imports in place.

        Raises CommandError for an import that cannot be followed, and for a script that cannot be stripped:
        `collectstatic` is what calls this.
        """
        if dry_run:
            return
        joined = InMemoryStorage()
        names = [name for name in paths if name.startswith(("css/", "js/"))]
        for name in names:
            is_sheet = splitext(name)[1] == ".css"
            text = strip_sheet(_join_imports(name, paths)) if is_sheet else _join_modules(name, paths)
            joined.save(name, ContentFile(text.encode()))
        yield from super().post_process({**paths, **{name: (joined, name) for name in names}}, **options)


def strip_sheet(text: str) -> str:
    """Return the style sheet without comments, indentation and the line breaks between its rules."""
    return _SHEET_BREAKS.sub("", _SHEET_FILLING.sub("", text))


def strip_script(name: str, text: str) -> str:
    """Return the script without indentation, empty lines and comments, but for those with quotes behind code.

    Raises CommandError for a text of several lines, which it would change.
    """
    text = _SCRIPT_FILLING.sub("", text)
    if wrong := next((line for line in text.splitlines() if line.count("`") % 2), None):
        raise CommandError(f'{name} has "{wrong}"; a text between backticks has to end on its line')
    return text


def _join_modules(name: str, paths: FoundFiles) -> str:
    """Return the script with imported modules in the place of their imports, each in a block of its own.

    They are imported for what they do: one that imports or exports by itself cannot be joined.
    """

    def put_in_place(found: re.Match[str]) -> str:
        imported = _find_imported(found["address"], name, paths)
        text = strip_script(imported, _read(imported, paths))
        if words := _MODULE_WORDS.search(text):
            raise CommandError(f'{imported} has "{words[0]}", and {name} can only import what stands alone')
        return f"{{\n{text}}}\n"

    return _MODULE_IMPORT.sub(put_in_place, strip_script(name, _read(name, paths)))


def _find_imported(address: str, importer: str, paths: FoundFiles) -> str:
    imported = normpath(join(dirname(importer), address))
    if imported not in paths:
        raise CommandError(f'{importer} imports "{address}", and there is no file {imported}')
    return imported


def _read(name: str, paths: FoundFiles) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())


def _join_imports(name: str, paths: FoundFiles, importers: tuple[str, ...] = ()) -> str:
    """Return the sheet's text with imported sheets in the place of their imports."""
    if name in importers:
        raise CommandError(f"Style sheets import each other in a circle: {' > '.join([*importers, name])}")

    def put_in_place(found: re.Match[str]) -> str:
        if found[0].startswith("/*"):
            return found[0]
        if not found["address"]:
            raise CommandError(f'{name} has "{found[0]}"; an import has to be of the form @import "file";')
        imported = _find_imported(found["address"], name, paths)
        text = _join_imports(imported, paths, (*importers, name))
        return _RELATIVE_URL.sub(lambda url: url["start"] + move(url["address"], imported), text)

    def move(address: str, imported: str) -> str:
        return relpath(join(dirname(imported), address), dirname(name))

    return _IMPORT.sub(put_in_place, _read(name, paths))
