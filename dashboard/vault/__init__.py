"""A client for the five Vault+ media operations. Plain Python over `requests`; knows nothing of Django."""

from .account import CONNECTION_STATUSES, AccountConnection, AccountListing
from .address import filter_media_link, parse_base_url
from .client import BATCH_SIZE, VaultClient
from .concurrency import ConcurrencyLimit
from .deadline import (
    PAGE_DELETE_TIMEOUTS,
    PAGE_TIMEOUTS,
    PURGE_TIMEOUTS,
    WORKER_DELETE_TIMEOUTS,
    WORKER_TIMEOUTS,
    Timeouts,
)
from .errors import (
    BadRequest,
    Busy,
    KeyRefused,
    MalformedMediaId,
    NotCached,
    OutcomeUnknown,
    UnexpectedResponse,
    Unreachable,
    UnreadableResponse,
    VaultError,
)
from .query import (
    API_PARAMETERS,
    DEFAULT_ITEMS_PER_PAGE,
    FILTER_FIELDS,
    MAX_ITEMS_PER_PAGE,
    MEDIA_ID,
    SORTS,
    STATUSES,
    TYPES,
    MediaQuery,
    check_media_id,
)
from .rate_limit import MAX_RATE_LIMIT_PAUSE_SECONDS, RateLimit
from .records import MediaItem, MediaPage, Oddity, UnreadableItem, Variant
from .results import DeleteResult, PurgeResult

__all__ = [
    "API_PARAMETERS",
    "BATCH_SIZE",
    "CONNECTION_STATUSES",
    "DEFAULT_ITEMS_PER_PAGE",
    "FILTER_FIELDS",
    "MAX_ITEMS_PER_PAGE",
    "MAX_RATE_LIMIT_PAUSE_SECONDS",
    "MEDIA_ID",
    "PAGE_DELETE_TIMEOUTS",
    "PAGE_TIMEOUTS",
    "PURGE_TIMEOUTS",
    "SORTS",
    "STATUSES",
    "TYPES",
    "WORKER_DELETE_TIMEOUTS",
    "WORKER_TIMEOUTS",
    "AccountConnection",
    "AccountListing",
    "BadRequest",
    "Busy",
    "ConcurrencyLimit",
    "DeleteResult",
    "KeyRefused",
    "MalformedMediaId",
    "MediaItem",
    "MediaPage",
    "MediaQuery",
    "NotCached",
    "Oddity",
    "OutcomeUnknown",
    "PurgeResult",
    "RateLimit",
    "Timeouts",
    "UnexpectedResponse",
    "Unreachable",
    "UnreadableItem",
    "UnreadableResponse",
    "Variant",
    "VaultClient",
    "VaultError",
    "check_media_id",
    "filter_media_link",
    "parse_base_url",
]
