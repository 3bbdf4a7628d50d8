"""The locks are whole: nothing that is needed is missing, and pip has nothing to look for beside them."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Final

import pytest
from packaging.requirements import Requirement

from tests.locks import ROOT, find_problems, lines_of, needs_of_project

LOCKS: Final = {
    "requirements.txt": (),
    "tests/requirements.txt": ("dev",),
    "tests/lock-requirements.txt": ("lock",),
    "tests/bench/requirements-peers.txt": ("peers",),
}
"""Each lock, and the groups of pyproject.toml that it holds; unless those are tools, beside the program."""


@cache
def installed_needs(name: str, version: str) -> list[str] | None:
    """Return what the package says that it requires; of one for another Python only its tests can tell."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return found.requires or [] if found.version == version else None


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_whole(name: str) -> None:
    lock = (ROOT / name).read_text()
    assert list(lines_of(lock))
    assert find_problems(lock, needs_of_project(*LOCKS[name]), installed_needs) == []


def test_both_environments_have_the_same_program() -> None:
    """A package of the program stands in both locks, with the same version and hashes."""
    ours, tested = ((ROOT / name).read_text() for name in list(LOCKS)[:2])
    assert set(lines_of(ours)) - set(lines_of(tested)) == set()


def test_every_component_is_told_of() -> None:
    """Time frames for advisories hold for each package of the program, so each is named with its use."""
    locked = {
        Requirement(line.split(" --hash=")[0]).name
        for line in lines_of((ROOT / next(iter(LOCKS))).read_text())
    }
    rows = (ROOT / "docs/locks.md").read_text().partition("| component | for |")[2]
    named = [
        name for row in rows.splitlines() for name in re.findall(r"`([a-z0-9-]+)`", row.partition(" | ")[0])
    ]
    assert sorted(named) == sorted(locked)


def test_these_tests_run_with_what_the_lock_pins() -> None:
    """Otherwise nothing could be said of what the pinned versions require."""
    pinned = [
        Requirement(line.split(" --hash=")[0]) for line in lines_of((ROOT / list(LOCKS)[1]).read_text())
    ]
    here = [one for one in pinned if one.marker is None or one.marker.evaluate()]
    assert here
    assert [str(one.specifier) for one in here] == [f"=={distribution(one.name).version}" for one in here]


@pytest.mark.parametrize("name", ["asgiref", "coverage", "cryptography", "markupsafe", "sortedcontainers"])
def test_a_package_that_is_taken_out_is_missed(name: str) -> None:
    """Needed by the project, by a package, or by an extra that one of them asks for."""
    lines = list(lines_of((ROOT / list(LOCKS)[1]).read_text()))
    rest = [line for line in lines if not line.startswith(f"{name}==")]
    assert len(rest) == len(lines) - 1
    [*found] = find_problems("\n".join(rest), needs_of_project("dev"), installed_needs)
    assert f"{name} is missing for Python" in found[0]


HASH: Final = "--hash=sha256:" + "0" * 64
NEEDS: Final = {
    ("a", "1"): ["b[x]>=1"],
    ("b", "1"): ["c; extra == 'x'", "d; python_version < '3.12'"],
    ("b", "2"): ["c; extra == 'x'"],
    ("c", "1"): [],
    ("d", "1"): [],
}
WHOLE: Final = f"""
a==1 \\
    {HASH} \\
    {HASH}
    # via the project
b==1 {HASH}
c==1 ; sys_platform != 'win32' {HASH}
d==1 ; python_full_version < '3.12' {HASH}
"""


def problems_of(lock: str) -> list[str]:
    return find_problems(lock, ["a"], lambda name, version: NEEDS.get((name, version)))


def test_a_whole_lock_has_no_problem() -> None:
    assert problems_of(WHOLE) == []


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("b==1", "b[x]==1", ["b names extras; the lock lists what they bring."]),
        ("b==1", "b>=1", ["b is not pinned by ==."]),
        ("b==1", "b==1.*", ["b is not pinned by ==."]),
        ("b==1", "B==0.9", ["b 0.9 does not fit; a needs >=1."]),
        (f"b==1 {HASH}", "b==1", ["b has no hash."]),
        (f"a==1 \\\n    {HASH} \\\n    {HASH}", "a==1", ["a has no hash."]),
        (f"b==1 {HASH}", "", ["b is missing for Python 3.11; a needs it."]),
        ("c==1", "# c==1", ["c is missing for Python 3.11; b needs it."]),
        ("sys_platform != 'win32'", "sys_platform == 'win32'", ["c is missing for Python 3.11; b needs it."]),
        ("sys_platform != 'win32'", "python_version < '3.14'", ["c is missing for Python 3.14; b needs it."]),
        ("< '3.12'", ">= '3.12'", ["d is missing for Python 3.11; b needs it."]),
        (f"b==1 {HASH}", f"b==1 {HASH}\nb==2 {HASH}", ["b stands twice for Python 3.11."]),
        ("a==1", "-r other.txt\na==1", ["-r other.txt is no requirement."]),
    ],
)
def test_a_lock_that_is_not_whole_is_told(was: str, now: str, said: list[str]) -> None:
    assert was in WHOLE
    found = problems_of(WHOLE.replace(was, now))
    assert said[0] in found
    assert {sentence.split()[0] for sentence in found} == {said[0].split()[0]}


def test_the_same_package_may_differ_between_pythons() -> None:
    split = f"b==1 ; python_version < '3.12' {HASH}\nb==2 ; python_version >= '3.12' {HASH}"
    assert problems_of(WHOLE.replace(f"b==1 {HASH}", split)) == []
