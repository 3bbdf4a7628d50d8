"""Static files as they are collected: each style sheet becomes one file with all that it imports."""

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath, relpath
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from django.core.management import CommandError
from whitenoise.storage import CompressedManifestStaticFilesStorage

FoundFiles = dict[str, tuple[Storage, str]]
"""Each file by its name: the storage that has it, and its path there."""

_IMPORT: Final = re.compile(r'/\*.*?\*/|@import\s+(?:"(?P<address>[^"]+)"\s*;\n?|[^;]*;)', re.DOTALL)
_RELATIVE_URL: Final = re.compile(r"""(?P<start>url\(\s*+["']?+)(?!/|#|[a-z]+:)(?P<address>[^"')]+)""")


class StyleSheetStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """Puts imported style sheets in the place of their imports, so that a browser asks for one file."""

    def post_process(self, paths: FoundFiles, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Hash and compress the files, each style sheet with its imports in place.

        Raises CommandError for an import that cannot be followed: `collectstatic` is what calls this.
        """
        if dry_run:
            return
        joined = InMemoryStorage()
        sheets = sorted(name for name in paths if name.endswith(".css"))
        for name in sheets:
            joined.save(name, ContentFile(_join_imports(name, paths).encode()))
        yield from super().post_process({**paths, **{name: (joined, name) for name in sheets}}, **options)


def _join_imports(name: str, paths: FoundFiles, importers: tuple[str, ...] = ()) -> str:
    """Return the sheet's text with imported sheets in the place of their imports."""
    if name in importers:
        raise CommandError(f"Style sheets import each other in a circle: {' > '.join([*importers, name])}")

    def put_in_place(found: re.Match[str]) -> str:
        if found[0].startswith("/*"):
            return found[0]
        if not found["address"]:
            raise CommandError(f'{name} has "{found[0]}"; an import has to be of the form @import "file";')
        imported = normpath(join(dirname(name), found["address"]))
        if imported not in paths:
            raise CommandError(f'{name} imports "{found["address"]}", and there is no file {imported}')
        text = _join_imports(imported, paths, (*importers, name))
        return _RELATIVE_URL.sub(lambda url: url["start"] + move(url["address"], imported), text)

    def move(address: str, imported: str) -> str:
        return relpath(join(dirname(imported), address), dirname(name))

    storage, path = paths[name]
    with storage.open(path) as file:
        return _IMPORT.sub(put_in_place, file.read().decode())
