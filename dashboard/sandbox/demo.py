"""The demo's account: three connections that the dashboard shows, and others it could import."""

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
    username: str
    status: str = "active"
    """What the account says of it: "active", "expired", "awaiting_2fa"."""


DEMO_CONNECTIONS = (
    DemoConnection("conn_t4mwq8z2rk6xj0vhb3n7s9pc", "studio-a", "Studio A", "blue", 60, "studio.a"),
    DemoConnection(
        "conn_g1y5cdk9w2fq7ralz8xu4h6e", "creator-b", "Creator B", "violet", 1_000_000, "creator_b"
    ),
    DemoConnection("conn_p0n3vj7eb5tm2shx6kqd8w4y", "archive-c", "Archive C", "green", 0, "archive-c"),
)
"""Small, very large, empty. Ids of the vendor's shape (`conn_` and 24 characters) that belong to nobody."""

ACCOUNT_CONNECTIONS = (
    *DEMO_CONNECTIONS,
    DemoConnection("conn_k7x2ud5wq0rj9m4cz6nv8fta", "nora-feld", "Nora Feld", "rose", 24, "nora.feld"),
    DemoConnection("conn_b3h8zs6ye1gk5tq2vw9nl7pd", "cafe-sued", "Café Süd", "amber", 8, "CafeSued"),
    DemoConnection(
        "conn_w5n1rm9xa4cf7jd0ps6uk3hy", "old-harbour", "Old Harbour", "slate", 5, "old_harbour", "expired"
    ),
    DemoConnection(
        "conn_e8q4vt2lg6bz0kx5ja7yw1cm", "lumen-nine", "Lumen Nine", "teal", 0, "lumen9", "awaiting_2fa"
    ),
)
"""All that the account lists: the dashboard's three, and what is there to import."""

DEMO_KEY = "demo-key"
"""The API key the sandbox accepts unless told otherwise."""
