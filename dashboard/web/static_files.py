"""Static files as they are collected: a style sheet or script becomes one file with all that it imports."""

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
_RELATIVE_URL: Final = re.compile(r"""(?P<start>url\(\s*+["']?+)(?!/|#|[a-z]+:)(?P<address>[^"')]+)""")


class JoiningStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """Puts imported style sheets and scripts in the place of their imports: a browser asks for one file."""

    def post_process(self, paths: FoundFiles, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Hash and compress the files, each style sheet and script with its imports in place.

        Raises CommandError for an import that cannot be followed: `collectstatic` is what calls this.
        """
        if dry_run:
            return
        joined = InMemoryStorage()
        joiners = {".css": _join_imports, ".js": _join_modules}
        names = [name for name in paths if splitext(name)[1] in joiners]
        for name in names:
            text = joiners[splitext(name)[1]](name, paths)
            joined.save(name, ContentFile(text.encode()))
        yield from super().post_process({**paths, **{name: (joined, name) for name in names}}, **options)


def _join_modules(name: str, paths: FoundFiles) -> str:
    """Return the script with imported modules in the place of their imports, each in a block of its own.

    They are imported for what they do: one that imports or exports by itself cannot be joined.
    """

    def put_in_place(found: re.Match[str]) -> str:
        imported = _find_imported(found["address"], name, paths)
        text = _read(imported, paths)
        if words := _MODULE_WORDS.search(text):
            raise CommandError(f'{imported} has "{words[0]}", and {name} can only import what stands alone')
        return f"{{\n{text}}}\n"

    return _MODULE_IMPORT.sub(put_in_place, _read(name, paths))


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
