"""Find media IDs in pasted text, alike for search box, ticket links and look-up.

A piece of the text is an ID or is refused with a reason. A number with separators is one piece and no ID: a
part of it could be another item's. The time it takes grows with the text's length alone.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Final
from unicodedata import name

from dashboard.vault.query import MEDIA_ID

MAX_ID_LENGTH: Final = 128
SPREADSHEET_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps; it writes zeros for those after them."""

ROUNDED_ID_HINT: Final = (
    f"This may not be the whole ID: a spreadsheet keeps {SPREADSHEET_DIGITS} digits of a long number and "
    "writes zeros for the others. Paste the ID from its source."
)

_UNSEEN: Final = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_QUOTES: Final = "\"'`\u2018-\u201f\u00ab\u00bb\u2039\u203a\u300c-\u300f"
_GAPS: Final = (
    rf"\s,;|<>()\[\]{{}}{_QUOTES}"
    "\u060c\u3001\uff0c\uff1b\u3008-\u300b\u3010\u3011\uff08\uff09"
)
_BULLETS: Final = "*#~\u2022\u00b7\u2013\u2014\u2023\u25aa\u25cf\u25e6\u2116"
_EDGES: Final = f".:!?=&{_BULLETS}\u2032\u2033\u00b4\u3002\uff0e\uff1a\uff01\uff1f"
"""Signs that text or a list puts around an ID."""
_STRIPPED: Final = _EDGES + "".join(re.findall(f"[{_UNSEEN}]", "".join(map(chr, range(0x10000)))))
_PARTINGS: Final = ",'`\u2018\u2019\u060c\uff0c \u00a0\u2000-\u200a\u202f\u205f\u3000"
"""Gaps that also part the thousands of a number; a full stop parts no IDs, so it stays in its piece."""

_SHORTENED: Final = rf"[0-9][.,][0-9]++[eE]\+?[0-9]++(?![^{_GAPS}])"
"""A spreadsheet's `4,49E+09`, where the comma parts nothing."""
_PIECE: Final = re.compile(
    rf"{_SHORTENED}"
    rf"|[^{_GAPS}]++(?:(?<=[0-9])[{_PARTINGS}](?=[0-9])(?!{_SHORTENED})[^{_GAPS}]++)*+"
)
_PARTING: Final = re.compile(f"[{_PARTINGS}]")
_PLAIN: Final = re.compile(rf"(?=[_-]*+[A-Za-z0-9])(?![0-9]++[eE][0-9]++\Z){MEDIA_ID.pattern}")
"""An ID as it is: most pieces are one, and need no closer look."""
_SAYS_SOMETHING: Final = re.compile(r"[^\W_]")

_UNSEEN_AT_EDGES: Final = re.compile(
    rf"(?:(?<=[{_GAPS}])|\A)[{_UNSEEN}]++|(?<![{_UNSEEN}])[{_UNSEEN}]++(?=[{_GAPS}]|\Z)"
)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|[A-Za-z]{2,8});")
_LABEL: Final = re.compile(
    rf"(?<![^{_GAPS}{_BULLETS}:])"
    r"(?:ids?|(?:media|item|asset|file|content|post)(?:[^\S\n]|[_-])?(?:item)?(?:[^\S\n]|[_-])?(?:ids?)?)"
    rf"[*{_QUOTES}]{{0,3}}[^\S\n]{{0,9}}"
    rf"(?:#?[^\S\n]{{0,9}}[:=\uff1a\uff1d]|#|(?<=\s)(?=[#({_QUOTES}]{{0,3}}[0-9]))",
    re.IGNORECASE,
)
"""`ID:`, `Media ID =`, `"media_id":`, or the word alone before a number."""
_NUMBERED: Final = re.compile(r"^[^\S\n]{0,9}([0-9]{1,4})[.)][^\S\n]++(?=\S)", re.MULTILINE)
_TICKED: Final = re.compile(r"^[^\S\n]{0,9}[-*+][^\S\n]{1,9}\[[ xX]\](?=\s)", re.MULTILINE)


_BETWEEN: Final = rf"[.\u00b4\u2032\u066c\u02bc\u02d9{_PARTINGS}]"
_THOUSANDS: Final = re.compile(
    rf"[-+]?(?:[0-9]{{1,3}}({_BETWEEN})[0-9]{{3}}(?:\1[0-9]{{3}})*"
    rf"|[0-9]{{1,2}}({_BETWEEN})(?:[0-9]{{2}}\2)+[0-9]{{3}}"  # as India writes them
    rf"|[0-9]{{1,4}}({_BETWEEN})[0-9]{{4}}(?:\3[0-9]{{4}})*)"  # as China and Japan count
)
_LIKE_A_LIST: Final = re.compile(r"[0-9]{3}(?:[,\uff0c][0-9]{3})+|[0-9]{1,4}(?:[,\uff0c][0-9]{4})+")
_DIGIT_GROUPS: Final = re.compile(rf"[^0-9]*[0-9]{{1,4}}(?:{_BETWEEN}[0-9]{{1,4}})+[^0-9]*")
_SHORT: Final = re.compile(r"[-+]?[0-9]{1,4}(?:\.[0-9]{1,4})*")
_LONG_GROUP: Final = re.compile(r"[0-9]{3,4}")
_ENDS_SHORT: Final = re.compile(r"(?:.*[^0-9])?[0-9]{1,3}", re.DOTALL)


def split_pieces(text: str) -> dict[str, int]:
    """Return each different piece of the text that may name an item, in order, and how often it occurs."""
    found: dict[str, int] = {}
    for whole, count in Counter(_PIECE.findall(_remove_decoration(text))).items():
        for part in _split_whole(whole):
            piece = part.strip(_STRIPPED)
            if _SAYS_SOMETHING.search(piece):
                found[piece] = found.get(piece, 0) + count
    return found


def is_plain(piece: str) -> bool:
    """Return whether the piece is an ID as it stands."""
    return _PLAIN.fullmatch(piece) is not None


def check_piece(piece: str) -> str:
    """Return the piece if it is an ID. Raises ValueError with a sentence for the person who pasted it."""
    if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+", piece):
        raise ValueError(
            "This long number has lost digits in a spreadsheet, which shortened it. Paste the ID from its "
            "source."
        )
    if _LIKE_A_LIST.fullmatch(piece):
        raise ValueError(
            "This could be one number with thousands separators or several IDs. Write one a line, without "
            "separators."
        )
    if _THOUSANDS.fullmatch(piece):
        digits = "".join(re.findall("[0-9]", piece))
        raise ValueError(
            f"This is a number with thousands separators; an ID has none. If it is {digits}, paste that."
        )
    if re.fullmatch(r"[0-9]+[.,][0-9]+", piece):
        raise ValueError(
            "This is a number with decimals, as a spreadsheet writes it; an ID has none. Paste the ID from "
            "its source."
        )
    if _DIGIT_GROUPS.fullmatch(piece):
        raise ValueError(
            "This could be a number with thousands separators or several IDs. Write one a line, without "
            "separators."
        )
    if piece.startswith("conn_"):
        raise ValueError("This is a connection's ID, not an item's. Choose the connection by its name.")
    if not MEDIA_ID.fullmatch(piece):
        raise ValueError(_explain_why_no_id(piece))
    return piece


def is_perhaps_rounded(media_id: str) -> bool:
    """Return whether this is a long number that ends as one does that a spreadsheet has rounded."""
    if not re.fullmatch(rf"[0-9]{{{SPREADSHEET_DIGITS + 1},}}", media_id):
        return False
    return media_id.endswith("000") or not media_id[SPREADSHEET_DIGITS:].strip("0")


def _explain_why_no_id(piece: str) -> str:
    if "\u2026" in piece:
        return "Not a media ID: it was cut where “…” stands. Paste the whole ID."
    wrong = next((sign for sign in piece if not re.match(r"[A-Za-z0-9_-]", sign)), "")
    rule = f"One has 1 to {MAX_ID_LENGTH} letters, digits, hyphens or underscores"
    if not wrong:
        return f"Not a media ID: it has {len(piece):,} characters. {rule}."
    return f"Not a media ID: it contains {_name_sign(wrong)}. {rule}."


def _name_sign(sign: str) -> str:
    """Return `“@”`, or the name of a sign that cannot be seen or that looks like another."""
    if " " < sign <= "~":
        return f"“{sign}”"
    called = name(sign, "control character" if sign < "\u00a0" else "character").lower()
    called = called.replace("zero width", "zero-width")
    article = "an" if called[0] in "aeiou" else "a"
    is_seen = sign.isprintable() and sign not in _STRIPPED
    shown = f"“{sign}”, " if is_seen or sign in _EDGES else ""
    return f"{shown}{article} {called} (U+{ord(sign):04X})"


def _remove_decoration(text: str) -> str:
    """Leave out what no piece may hold: labels, list numbers, and what cannot be seen around an ID."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    text = text.replace("...", "\u2026")
    text = text.replace("\u00ad", "")  # a soft hyphen says only where a word may be parted
    text = _UNSEEN_AT_EDGES.sub("", text)
    text = _TICKED.sub(" ", text)
    numbers = _NUMBERED.findall(text)
    counted = [str(place) for place in range(1, len(numbers) + 1)]
    if numbers and numbers in (counted, ["1"] * len(numbers)):
        text = _NUMBERED.sub(" ", text)
    return _LABEL.sub(" ", text)


def _split_whole(whole: str) -> Iterator[str]:
    partings = _PARTING.findall(whole)
    if not partings or _SHORTENED_WHOLE.fullmatch(whole):
        yield whole
        return
    tokens = _PARTING.split(whole)
    if _has_decimals(tokens, partings):
        yield whole
        return
    start = 0
    while start < len(tokens):
        end = start + 1
        if _may_begin_a_number(tokens[start]):
            while end < len(tokens) and _SHORT.fullmatch(tokens[end].strip(_EDGES)):
                end += 1
        if end - start > 1:
            yield from _group_digits(tokens[start:end], partings[start : end - 1])
        else:
            yield tokens[start]
        start = end


_SHORTENED_WHOLE: Final = re.compile(_SHORTENED)


def _has_decimals(tokens: list[str], partings: list[str]) -> bool:
    """Return whether this is a number and the `,00` that a spreadsheet may add to it."""
    return partings == [","] and tokens[0].isdigit() and tokens[1].strip(_EDGES) in ("0", "00")


def _may_begin_a_number(token: str) -> bool:
    return bool(_SHORT.fullmatch(token.strip(_EDGES)) or _ENDS_SHORT.fullmatch(token))


def _group_digits(groups: list[str], partings: list[str]) -> Iterator[str]:
    whole = "".join(sign for pair in zip(groups, [*partings, ""], strict=True) for sign in pair)
    words = whole.split() if any(parting.isspace() for parting in partings) else []
    if len(words) > 1 and all(_THOUSANDS.fullmatch(word.strip(_EDGES)) for word in words):
        yield from words
    elif _is_list(whole.strip(_EDGES), groups, partings):
        yield from groups
    else:
        yield whole


def _is_list(whole: str, groups: list[str], partings: list[str]) -> bool:
    if set(partings) == {" "}:  # lists are parted by it far more often than thousands are
        return len(groups[0]) > 2 or not _THOUSANDS.fullmatch(whole)
    return not any(_LONG_GROUP.search(group) for group in groups[1:]) and "." not in whole
