"""The only tables we own: people, connections, removals, events, jobs, counts, and what people keep."""

from .actor import ActorFields as ActorFields
from .actor import actor_columns_of as actor_columns_of
from .budget import Budget as Budget
from .connection import CONNECTION_ID as CONNECTION_ID
from .connection import SLUG as SLUG
from .connection import SLUG_PATTERN as SLUG_PATTERN
from .connection import Account as Account
from .connection import Colour as Colour
from .connection import Connection as Connection
from .connection import ConnectionQuerySet as ConnectionQuerySet
from .connection import shorten_id as shorten_id
from .connection import validate_groups as validate_groups
from .connection import validate_label as validate_label
from .event import INDEXED as INDEXED
from .event import Event as Event
from .job import Job as Job
from .job import JobState as JobState
from .job import Worker as Worker
from .policy_report import PolicyReport as PolicyReport
from .removal import Removal as Removal
from .removal import RemovalState as RemovalState
from .signed import SignedFields as SignedFields
from .transitions import transition as transition
from .workspace import Lookup as Lookup
from .workspace import SavedView as SavedView
from .workspace import TrayItem as TrayItem
