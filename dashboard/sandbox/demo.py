"""The three connections the demo shows: a small one, a very large one, an empty one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoConnection:
    """A connection of the demo and how a dashboard may present it."""

    id: str
    slug: str
    label: str
    colour: str
    """A colour's name: "blue", "violet", "green"."""
    count: int
    """Media items at the start."""


DEMO_CONNECTIONS = (
    DemoConnection("conn_t4mwq8z2rk6xj0vhb3n7s9pc", "studio-a", "Studio A", "blue", 60),
    DemoConnection("conn_g1y5cdk9w2fq7ralz8xu4h6e", "creator-b", "Creator B", "violet", 1_000_000),
    DemoConnection("conn_p0n3vj7eb5tm2shx6kqd8w4y", "archive-c", "Archive C", "green", 0),
)
"""Made up: ids of the vendor's shape (`conn_` and 24 characters) that belong to nobody."""

DEMO_KEY = "demo-key"
"""The API key the sandbox accepts unless told otherwise."""
