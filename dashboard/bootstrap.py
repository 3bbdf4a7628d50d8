"""Installs what requirements.txt pins into a virtual environment. Standard library only."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIRED_MODULES = (
    *("cryptography", "django", "django_htmx", "environs", "gunicorn", "jinja2", "jwt", "msgspec", "PIL"),
    *("tenacity", "whitenoise"),
)


def ensure_environment() -> None:
    """Return if this Python has the project's packages; else run this command again in a whole `.venv`."""
    if all(map(importlib.util.find_spec, REQUIRED_MODULES)):
        return
    if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an old Python may come to read
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    python = make_environment(ROOT / ".venv", ROOT / "requirements.txt", sys.executable)
    os.execv(python, [str(python), *sys.argv])  # noqa: S606 - the same command in the other Python


def make_environment(folder: Path, requirements: Path, base: str) -> Path:
    """Return the Python of an environment with exactly `requirements`, hashes checked; make it if need be."""
    folder = folder.resolve()  # it may be a link to one that several working trees share
    python = folder / "bin" / "python"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = folder / "installed"
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    try:
        folder.mkdir(exist_ok=True)
        stamp.write_text("")  # until it is whole again
    except OSError as broken:
        sys.exit(
            f"The packages go into {folder}, which cannot be written: {broken.strerror}.\n"
            "Copy the project into a folder of your own."
        )
    ensure_venv_module()
    print(f"Installing what {requirements.relative_to(ROOT)} names into {folder.name} …", flush=True)
    made = subprocess.run([base, "-m", "venv", str(folder)], capture_output=True, text=True)
    if made.returncode:
        sys.exit(
            f"No virtual environment could be made:\n{(made.stdout + made.stderr).strip()}\n"
            "On Debian: apt-get install python3-venv"
        )
    install_lock(python, requirements)
    stamp.write_text(wanted)
    return python


def install_lock(python: Path, requirements: Path) -> None:
    """Install exactly what `requirements` pins, none looked for besides, and check that it is whole."""
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    install = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", str(requirements)]
    for command in (install, ["check"]):
        done = run_quietly([*pip, *command])
        if done.returncode:
            sys.exit(f"The packages could not be installed. pip said:\n{done.stdout.strip()}")


def run_quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command that may ask nothing, and return it with all that it said in `stdout`."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def ensure_venv_module() -> None:
    """Install what `python3 -m venv` needs. Debian keeps it in a package of its own."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not apt_install(version):
        sys.exit(f"This Python cannot make virtual environments. On Debian: apt-get install {version}")
    importlib.invalidate_caches()


def apt_install(package: str) -> bool:
    """Install a Debian package, as root or by a sudo without a password. Return False if that fails."""
    if not shutil.which("apt-get"):
        return False
    leave = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if leave and not shutil.which("sudo"):
        return False
    print(f"Installing {package} by apt-get …", flush=True)
    quietly = [*leave, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        done = run_quietly([*quietly, *command])
    if done.returncode:
        print(done.stdout[-2000:], flush=True)
    return done.returncode == 0
