"""What a lock must be: every package that is needed, once for each Python, with its hashes, and no extras."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parents[1]
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS: Final = (("linux", "Linux"), ("darwin", "Darwin"))
TOOLS: Final = {"lock", "peers"}
"""Dependency groups whose environments are without the program."""

NeedsOf = Callable[[str, str], list[str] | None]
"""What a package of this name and version requires, as its metadata says; None where that is not known."""


def needs_of_project(*groups: str) -> list[str]:
    """Return what pyproject.toml asks for, with these dependency groups."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needs: list[str] = list(project["project"]["dependencies"]) if TOOLS.isdisjoint(groups) else []
    return needs + [need for group in groups for need in project["dependency-groups"][group]]


def lines_of(lock: str) -> Iterator[str]:
    """Yield each requirement of the lock with its hashes, as one line."""
    written = [line for line in lock.splitlines() if not line.strip().startswith("#")]
    for line in "\n".join(written).replace("\\\n", " ").splitlines():
        if line.strip():
            yield line


def find_problems(lock: str, needs: Iterable[str], needs_of: NeedsOf) -> list[str]:
    """Return a sentence for everything that keeps the lock from being installed without asking an index."""
    problems, pinned = [], list[Requirement]()
    for line in lines_of(lock):
        text, *hashes = line.split(" --hash=")
        try:
            requirement = Requirement(text.strip())
        except InvalidRequirement:
            problems.append(f"{text.strip()} is no requirement.")
            continue
        pinned.append(requirement)
        if not hashes:
            problems.append(f"{requirement.name} has no hash.")
        if requirement.extras:
            problems.append(f"{requirement.name} names extras; the lock lists what they bring.")
        if _version_of(requirement) is None:
            problems.append(f"{requirement.name} is not pinned by ==.")
    for environment in _environments():
        problems += _find_gaps(pinned, list(needs), needs_of, environment)
    return list(dict.fromkeys(problems))


def _find_gaps(  # noqa: C901 - a gap for each kind
    pinned: list[Requirement], needs: list[str], needs_of: NeedsOf, environment: dict[str, str]
) -> Iterator[str]:
    """Follow every requirement and extra from `needs`, and yield a sentence for what the lock lacks."""
    here: dict[str, list[Requirement]] = {}
    for one in pinned:
        if one.marker is None or one.marker.evaluate(environment):
            here.setdefault(canonicalize_name(one.name), []).append(one)
    for name, found in here.items():
        if len(found) > 1:
            yield f"{name} stands twice for Python {environment['python_version']}."
    seen: set[tuple[str, str]] = set()
    ahead = [(text, "", "the project") for text in needs]
    while ahead:
        text, extra, asker = ahead.pop()
        need = _read(text)
        if need.marker and not need.marker.evaluate({**environment, "extra": extra}):
            continue
        name = canonicalize_name(need.name)
        version = _version_of(here[name][0]) if name in here else None
        if version is None:
            yield f"{name} is missing for Python {environment['python_version']}; {asker} needs it."
            continue
        if not need.specifier.contains(version, prereleases=True):
            yield f"{name} {version} does not fit; {asker} needs {need.specifier}."
        for wanted in ("", *need.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                ahead += [(one, wanted, name) for one in needs_of(name, version) or []]


_read = cache(Requirement)


def _version_of(requirement: Requirement) -> str | None:
    """Return the one version that the requirement takes, or None if it takes several."""
    [*specifiers] = requirement.specifier
    exact = len(specifiers) == 1 and specifiers[0].operator == "==" and "*" not in specifiers[0].version
    return specifiers[0].version if exact else None


def _environments() -> Iterator[dict[str, str]]:
    """Yield the markers' values for every Python and platform that we support."""
    for version in PYTHONS:
        for platform, system in PLATFORMS:
            yield {
                **{name: str(value) for name, value in default_environment().items()},
                "python_version": version,
                "python_full_version": f"{version}.2",
                "implementation_version": f"{version}.2",
                "sys_platform": platform,
                "platform_system": system,
            }
