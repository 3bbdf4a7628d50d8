"""Items that are odd but legal, or nearly: they show that a dashboard copes with them."""

from .records import Fact
from .shelf import OddItem

LONG_ID = "odd-LongId_" + "x7" * 26 + "Z"
"""64 characters of the id alphabet."""


def make_oddities(started: float) -> list[OddItem]:
    """Return nine strange items first seen minutes before `started` (Unix seconds), newest first."""
    first = int(started * 1000) - 230_000

    def fact(label: str = "full", status: str = "stored", content_type: str = "image/jpeg") -> Fact:
        """Return a variant of 320 by 240 pixels."""
        stored = first + 60_000 if status == "stored" else None
        size = 48_000 if stored else 0
        return Fact(label, status, content_type, size, first, stored, 320, 240)

    return [
        OddItem("odd-quarantined", "image", None, [fact("thumb"), fact(status="quarantined")]),
        OddItem("odd-document", "document", None, [fact(content_type="application/pdf")]),
        OddItem("odd-empty", "image", None, []),
        OddItem("odd-label", "image", None, [fact("thumb"), fact("<script>alert(1)</script>")]),
        OddItem("odd-unreadable", "image", None, [fact()], dropped=("id",)),
        OddItem("odd-foreign", "image", None, [fact()], urls={"full": "https://evil.example/x.jpg"}),
        OddItem("odd-script", "image", None, [fact()], urls={"full": "javascript:alert(1)"}),
        OddItem(LONG_ID, "image", None, [fact("thumb"), fact()]),
        OddItem(
            "odd-many", "video", 12.5, [fact(f"{size}w") for size in (96, 160, 240, 360, 540, 900, 1440)]
        ),
    ]
