"""A client for the five Vault+ media operations. Plain Python over `requests`; knows nothing of Django."""

from .account import CONNECTION_STATUSES, AccountConnection, AccountListing
from .address import base_address, media_link
from .client import BATCH_SIZE, VaultClient
from .deadline import PAGE, PAGE_DELETE, PURGE, WORKER, WORKER_DELETE, Patience
from .errors import (
    BadRequest,
    Busy,
    KeyRefused,
    MalformedMediaId,
    NotCached,
    OutcomeUnknown,
    UnexpectedAnswer,
    Unreachable,
    UnreadableAnswer,
    VaultError,
)
from .query import (
    DEFAULT_LIMIT,
    FILTERING,
    MAX_LIMIT,
    MEDIA_ID,
    PARAMETERS,
    SORTS,
    STATUSES,
    TYPES,
    MediaQuery,
    checked_media_id,
)
from .rate_limit import LONGEST_PAUSE, Pace
from .records import MediaItem, MediaPage, Oddity, UnreadableItem, Variant
from .results import DeleteResult, PurgeResult
from .transport import Places

__all__ = [
    "BATCH_SIZE",
    "CONNECTION_STATUSES",
    "DEFAULT_LIMIT",
    "FILTERING",
    "LONGEST_PAUSE",
    "MAX_LIMIT",
    "MEDIA_ID",
    "PAGE",
    "PAGE_DELETE",
    "PARAMETERS",
    "PURGE",
    "SORTS",
    "STATUSES",
    "TYPES",
    "WORKER",
    "WORKER_DELETE",
    "AccountConnection",
    "AccountListing",
    "BadRequest",
    "Busy",
    "DeleteResult",
    "KeyRefused",
    "MalformedMediaId",
    "MediaItem",
    "MediaPage",
    "MediaQuery",
    "NotCached",
    "Oddity",
    "OutcomeUnknown",
    "Pace",
    "Patience",
    "Places",
    "PurgeResult",
    "UnexpectedAnswer",
    "Unreachable",
    "UnreadableAnswer",
    "UnreadableItem",
    "Variant",
    "VaultClient",
    "VaultError",
    "base_address",
    "checked_media_id",
    "media_link",
]
