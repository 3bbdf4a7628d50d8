"""Every setting, read and typed once. A wrong or missing one is named in a sentence and stops the start."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django import VERSION
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, EnvValidationError, FileAwareEnv, ValidationError, validate

from .auth import settings as auth_settings
from .auth.config import HeaderConfig
from .logs import LOGGING as LOGGING
from .origins import check_ticket_url, is_loopback, parse_origin
from .private import VAR_DIR, PrivateDatabase, find_folder_fault
from .safety import check_anchor, check_endpoint, check_host, check_key, find_shared_keys, is_loopback_bind
from .vault import parse_base_url

BASE_DIR: Final = Path(__file__).resolve().parent.parent

MIN_KEY_LENGTH: Final = 32
MEDIA_MODES: Final = ("hidden", "blurred", "shown")


def _is_readable(path: str) -> bool:
    return Path(path).is_file() and os.access(path, os.R_OK)


def _check_each(check: Callable[[str], object]) -> Callable[[str | list[str]], None]:

    def validate_all(value: str | list[str]) -> None:
        try:
            for one in [value] if isinstance(value, str) else value:
                check(one)
        except ValueError as wrong:
            raise ValidationError(str(wrong)) from None

    return validate_all


def _check_key(text: str) -> None:
    if not re.fullmatch(rf"[\x21-\x7e]{{{MIN_KEY_LENGTH},}}", text):
        raise ValueError(f"each key must have at least {MIN_KEY_LENGTH} letters, digits and signs.")
    check_key(text)


def _check_no_spaces(text: str) -> None:
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("must be letters, digits and signs without spaces, and not empty.")


env = FileAwareEnv(eager=False, strip_whitespace=True)
_unreadable = [
    f"{name} is wrong: it names no file that can be read."
    for name, path in os.environ.items()
    if re.fullmatch(r"(VAULTPLUS|DASHBOARD|DATABASE)_\w+_FILE", name) and path and not _is_readable(path)
]
if _unreadable:
    raise ImproperlyConfigured("\n".join(_unreadable))

VAULTPLUS_API_URL: str = env.str(
    "VAULTPLUS_API_URL", default="https://api.ofauth.com", validate=_check_each(parse_base_url)
)
VAULTPLUS_API_KEY: str = env.str("VAULTPLUS_API_KEY", validate=_check_each(_check_no_spaces))
VAULTPLUS_MEDIA_HOSTS: list[str] = env.list(
    "VAULTPLUS_MEDIA_HOSTS",
    default=["https://media.ofauth.com"],
    validate=[validate.Length(min=1), _check_each(parse_origin)],
)

SECRET_KEY: str = env.str("DASHBOARD_SECRET_KEY", validate=[validate.Length(min=50), _check_each(check_key)])
ALLOWED_HOSTS: list[str] = env.list(
    "DASHBOARD_ALLOWED_HOSTS", validate=[validate.Length(min=1), _check_each(check_host)]
)
DASHBOARD_DATA_KEYS: list[str] = env.list(
    "DASHBOARD_DATA_KEYS", validate=[validate.Length(min=1), _check_each(_check_key)]
)
DASHBOARD_AUDIT_KEYS: list[str] = env.list(
    "DASHBOARD_AUDIT_KEYS", validate=[validate.Length(min=1), _check_each(_check_key)]
)
DASHBOARD_ANCHOR_KEYS: list[str] = env.list(
    "DASHBOARD_ANCHOR_KEYS", default=[], validate=_check_each(_check_key)
)
DASHBOARD_ANCHORS: list[str] = env.list("DASHBOARD_ANCHORS", default=[], validate=_check_each(check_anchor))
DASHBOARD_ANCHOR_SECONDS: float = env.float(
    "DASHBOARD_ANCHOR_SECONDS", default=300.0, validate=validate.Range(min=10, max=86400)
)
DASHBOARD_ANCHOR_S3_ENDPOINT: str = env.str(
    "DASHBOARD_ANCHOR_S3_ENDPOINT", default="", validate=_check_each(check_endpoint)
)
DASHBOARD_ANCHOR_RETENTION_DAYS: int = env.int(
    "DASHBOARD_ANCHOR_RETENTION_DAYS", default=365, validate=validate.Range(min=1, max=36500)
)
DEBUG: bool = env.bool("DASHBOARD_DEBUG", default=False)
DASHBOARD_MEDIA_MODE: str = env.str(
    "DASHBOARD_MEDIA_MODE", default="blurred", validate=validate.OneOf(MEDIA_MODES)
)
DASHBOARD_MEDIA_CEILING: bool = env.bool("DASHBOARD_MEDIA_CEILING", default=False)
DASHBOARD_TICKET_URL: str = env.str(
    "DASHBOARD_TICKET_URL", default="", validate=_check_each(check_ticket_url)
)
DASHBOARD_FILES: Path = env.path("DASHBOARD_FILES", default=VAR_DIR / "files")
DASHBOARD_READ_SECONDS: float = env.float(
    "DASHBOARD_READ_SECONDS", default=20.0, validate=validate.Range(min=1, max=3600)
)
DASHBOARD_WRITE_SECONDS: float = env.float(
    "DASHBOARD_WRITE_SECONDS", default=30.0, validate=validate.Range(min=1, max=3600)
)
_LIMIT = validate.Range(min=0, max=10**9)
DASHBOARD_BUDGETS: dict[str, int] = {
    "deletions": env.int("DASHBOARD_MAX_DELETIONS_PER_HOUR", default=600, validate=_LIMIT),
    "bulk": env.int("DASHBOARD_MAX_BULK_ITEMS_PER_DAY", default=20_000, validate=_LIMIT),
    "reveals": env.int("DASHBOARD_MAX_REVEALS_PER_HOUR", default=300, validate=_LIMIT),
    "exports": env.int("DASHBOARD_MAX_EXPORTS_PER_HOUR", default=20, validate=_LIMIT),
    "lookups": env.int("DASHBOARD_MAX_LOOKUP_IDS_PER_HOUR", default=20_000, validate=_LIMIT),
    "scans": env.int("DASHBOARD_MAX_SCANS_PER_HOUR", default=60, validate=_LIMIT),
    "views": env.int("DASHBOARD_MAX_SAVED_VIEWS", default=100, validate=_LIMIT),
}
"""How much one person may do, by budgets.KINDS; 0 is no limit."""
DASHBOARD_STANDING_HOURS: float = env.float(
    "DASHBOARD_STANDING_HOURS", default=24.0, validate=validate.Range(min=0.25, max=720)
)
DASHBOARD_PLAIN_HTTP: bool = env.bool("DASHBOARD_PLAIN_HTTP", default=False)
AUTH_CONFIG, errors = auth_settings.read_auth_config(env)
IS_DEMO: bool = AUTH_CONFIG.mode == "demo"
_hosts: list[str] = env.list("DASHBOARD_ALLOWED_HOSTS", default=[])  # as they stand, right or wrong
_mode = env.str("DASHBOARD_AUTH", default="")
_binds = env.str("DASHBOARD_BIND", default="")
_database = env.dj_db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")

try:
    env.seal()
except EnvValidationError as broken:
    said_by_name = broken.error_messages
    assert isinstance(said_by_name, dict)  # noqa: S101 - a sealed environment reports by name
    errors += [  # a value is never repeated: it may be a secret
        f"{name} {'is missing' if 'not set' in str(said) else 'is wrong'}: {'; '.join(map(str, said))}"
        for name, said in said_by_name.items()
    ]
except EnvError as broken:
    errors += [str(broken)]

_is_demo = IS_DEMO and _mode == "demo"
_is_here = all(is_loopback(f"http://{host}") for host in _hosts)
if _is_demo:
    _missing = {
        "a VAULTPLUS_API_URL on loopback": VAULTPLUS_API_URL and not is_loopback(VAULTPLUS_API_URL),
        "loopback names in DASHBOARD_ALLOWED_HOSTS: 127.0.0.1, localhost, [::1]": not _is_here,
        "a loopback address or a Unix socket in DASHBOARD_BIND": _binds and not is_loopback_bind(_binds),
    }
    errors += [
        f"DASHBOARD_AUTH=demo lets anyone pick a role, so it starts only with {needed}."
        for needed, is_missing in _missing.items()
        if is_missing
    ]
_unsafe = {
    "DASHBOARD_DEBUG shows settings and code to whoever meets an error": DEBUG,
    "DASHBOARD_PLAIN_HTTP drops Secure from the cookies": DASHBOARD_PLAIN_HTTP,
}
errors += [
    f"{harm}, so it starts only with DASHBOARD_AUTH=demo and loopback names in DASHBOARD_ALLOWED_HOSTS."
    for harm, is_set in _unsafe.items()
    if is_set and not (_is_demo and _is_here)
]
errors += find_shared_keys(
    {
        "VAULTPLUS_API_KEY": [VAULTPLUS_API_KEY] if VAULTPLUS_API_KEY else [],
        "DASHBOARD_SECRET_KEY": [SECRET_KEY] if SECRET_KEY else [],
        "DASHBOARD_DATA_KEYS": DASHBOARD_DATA_KEYS or [],
        "DASHBOARD_AUDIT_KEYS": DASHBOARD_AUDIT_KEYS or [],
        "DASHBOARD_ANCHOR_KEYS": DASHBOARD_ANCHOR_KEYS or [],
        "DASHBOARD_AUTH_SECRET": (isinstance(AUTH_CONFIG.by, HeaderConfig) and AUTH_CONFIG.by.secrets) or [],
    }
)
if DASHBOARD_ANCHORS and not DASHBOARD_ANCHOR_KEYS:
    errors.append("DASHBOARD_ANCHOR_KEYS is missing: DASHBOARD_ANCHORS needs a key that signs.")
if DASHBOARD_FILES and (wrong := find_folder_fault(DASHBOARD_FILES)):
    errors.append(f"DASHBOARD_FILES is wrong: {wrong}")
_is_sqlite = bool(_database) and _database["ENGINE"].endswith("sqlite3")
if _is_sqlite and Path(_database["NAME"]).is_symlink():
    errors.append("DATABASE_URL is wrong: it names a link. Name the file that the link leads to.")
if errors:
    raise ImproperlyConfigured("\n".join(errors))

VAULTPLUS_MEDIA_HOSTS = [parse_origin(host) for host in VAULTPLUS_MEDIA_HOSTS]

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    *(["django_tasks"] if VERSION < (6,) else []),  # Django 6 has them itself
    "django_tasks_db",
    "dashboard",
]
TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "exports", "removals"]}
}
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
MIDDLEWARE = [
    "dashboard.web.middleware.ResponseHeaders",
    "dashboard.web.middleware.KnownHosts",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.web.compression.Compression",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.web.identity_middleware.Identity",
    "dashboard.web.middleware.SameSite",
    "dashboard.web.middleware.ErrorPages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "dashboard.web.jinja.environment",
            "context_processors": ["dashboard.web.jinja.build_page_frame"],
        },
    }
]

MAX_LOCK_WAIT_SECONDS: Final = 10
"""Seconds for which a lock of the database is waited for; then a page says what could not be written."""

if _is_sqlite:
    # WAL and IMMEDIATE let readers go on while one writes; FULL so that a committed intent survives a crash.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": MAX_LOCK_WAIT_SECONDS,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        "factory": PrivateDatabase,
    }
else:
    _options = _database.setdefault("OPTIONS", {})
    _options["options"] = f"-c lock_timeout={MAX_LOCK_WAIT_SECONDS}s {_options.get('options', '')}".strip()
_database |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": not _is_sqlite}  # a file does not hang up
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "dashboard.web.static_files.JoiningStorage"
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False

MAX_REQUEST_BYTES: Final = 6 * 1024 * 1024
"""Bytes of a request, files included: `web.middleware.ErrorPages` takes nothing of a larger one."""
# Django's own limits let files of any size in.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_BYTES

_SECURE = not DASHBOARD_PLAIN_HTTP
_PREFIX = "__Host-" if _SECURE else "demo-"

SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = f"{_PREFIX}session"
SESSION_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_AGE = None  # it goes with the browser's session
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_COOKIE_SECURE = _SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "dashboard.web.error_pages.render_forged_form"

SECURE_SSL_REDIRECT = _SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _SECURE
SECURE_HSTS_PRELOAD = _SECURE
SECURE_REFERRER_POLICY = "same-origin"  # no-referrer makes browsers send `Origin: null` with a POST
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
