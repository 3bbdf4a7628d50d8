"""The cached media of one connection, computed from a seed. Only changes are remembered."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from random import Random

import msgspec

from .links import LinkSigner
from .records import Fact, WireItem, WireVariant
from .settling import SETTLING
from .templates import TEMPLATE_COUNT, Template, make_templates

_FIRST_ID = 2_200_000_000
_ID_PRIME = 17_179_869_143
_HOUR_S = 3600
_DAY_MS = 86_400_000
_MAX_ITEMS_KEPT = 8192
LINK_LIFE_SECONDS = 24 * _HOUR_S


class OddItem(msgspec.Struct):
    """An item that follows no template. `dropped` are fields that its JSON lacks."""

    id: str
    type: str
    duration: float | None
    facts: list[Fact]
    urls: dict[str, str] = {}
    """Links to show instead of signed ones, by label."""
    dropped: tuple[str, ...] = ()


class Shelf:
    """The media of one connection, newest first: item 0 is the newest, `count - 1` the oldest.

    Ids and creation times are invertible functions of the index. `special` are the indices whose
    state no template tells: settling ones, ones stored on demand, odd ones (negative indices).
    """

    def __init__(
        self,
        connection: str,
        number: int,
        count: int,
        *,
        seed: int,
        started: float,
        settle: bool = True,
        odd: Sequence[OddItem] = (),
    ) -> None:
        self.connection, self.number, self.count = connection, number, count
        self.templates: tuple[Template, ...] = make_templates(seed)
        self.computed = 0
        """How many items have been worked out in full; tests watch it."""
        digest = hashlib.blake2b(f"{seed}/{connection}".encode(), digest_size=8).digest()
        random = Random(int.from_bytes(digest, "big"))  # noqa: S311 - reproducible on purpose
        self._step, self._first = random.randrange(1, TEMPLATE_COUNT), random.randrange(TEMPLATE_COUNT)
        self._unstep = pow(self._step, -1, TEMPLATE_COUNT)
        self._id_step, self._id_first = random.randrange(10**9, _ID_PRIME), random.randrange(_ID_PRIME)
        self._id_unstep = pow(self._id_step, -1, _ID_PRIME)
        self._salt = random.randrange(1 << 32)
        self._started_ms, self._settle = int(started * 1000), settle
        self._newest_age_ms = 240_000
        self._span_ms = (730 if count >= 10_000 else 215) * _DAY_MS
        self._even_share = 0.5 if count >= 10_000 else 0.02
        self.odd = {-number: item for number, item in enumerate(reversed(odd), 1)}
        self._odd_index = {item.id: index for index, item in self.odd.items()}
        self.residues_known: dict[object, list[int]] = {}
        self.reset(started)

    def reset(self, now: float) -> None:
        """Forget removals, accesses, variants stored on demand and links minted; what settles begins anew."""
        self._settling_from_ms = int(now * 1000)
        self.purged = False
        self.deleted: set[int] = set()
        self.stored: dict[tuple[int, int], int] = {}
        self.accesses: dict[tuple[int, int], tuple[int, int]] = {}
        self.minted: dict[int, int] = {}
        self.written: dict[int, bytes] = {}
        """Items whose JSON somebody has written by hand."""
        self.special = {*self.odd, *(index for index in SETTLING if index < self.count)}
        self._encoded: dict[int, tuple[int, bytes]] = {}

    def template(self, index: int) -> Template:
        """Return the template of an ordinary item."""
        return self.templates[(self._step * index + self._first) % TEMPLATE_COUNT]

    def residue_of(self, template_number: int) -> int:
        """Return the residue of the indices that follow this template."""
        return (template_number - self._first) * self._unstep % TEMPLATE_COUNT

    def residue_template(self, residue: int) -> Template:
        """Return the template of every item whose index has this residue."""
        return self.template(residue)

    def created(self, index: int) -> int:
        """Return the time the item was first seen, in ms. It falls strictly as the index grows."""
        if index < 0:
            return self._started_ms - self._newest_age_ms - index * 1000
        jitter = self._mix(index) % 1000 / 1112
        along = (index + jitter) / self.count
        share = self._even_share
        age = self._newest_age_ms + self._span_ms * (share * along + (1 - share) * along**3)
        return self._started_ms - int(age)

    def first_created_by(self, moment: int) -> int:
        """Return the smallest ordinary index first seen at or before this time (`count` if none)."""
        return bisect_left(range(self.count), -moment, key=lambda index: -self.created(index))

    def id_of(self, index: int) -> str:
        """Return the media id: 10 or 11 digits."""
        if index < 0:
            return self.odd[index].id
        return str(_FIRST_ID + (self._id_step * index + self._id_first) % _ID_PRIME)

    def index_of(self, media_id: str) -> int | None:
        """Return the index of the item, or None if there is (or is any longer) no such item."""
        index = self._odd_index.get(media_id)
        if index is None:
            if not (media_id.isascii() and media_id.isdecimal()) or len(media_id) > 11 or media_id[0] == "0":
                return None
            mixed = int(media_id) - _FIRST_ID
            if not 0 <= mixed < _ID_PRIME:
                return None
            index = (mixed - self._id_first) * self._id_unstep % _ID_PRIME
        return index if self.holds(index) else None

    def holds(self, index: int) -> bool:
        """Return True if there is an item at this index that was not removed."""
        inside = 0 <= index < self.count or index in self.odd
        return inside and not self.purged and index not in self.deleted

    def bump(self, block: int) -> int:
        """Return the bytes that variants in this block of indices have on top of their template's size."""
        return block * 7919 % 2048

    def _mix(self, number: int) -> int:
        return ((number + self._salt) * 2_654_435_761 & 0xFFFFFFFF) >> 7

    def kind(self, index: int) -> tuple[str, float | None]:
        """Return the type and the duration of the item."""
        if index < 0:
            return self.odd[index].type, self.odd[index].duration
        template = self.template(index)
        return template.type, template.duration

    def facts(self, index: int, now: float) -> list[Fact]:
        """Return the item's variants at this moment (Unix seconds), in order."""
        if index < 0:
            return self.odd[index].facts
        created, extra = self.created(index), self.bump(index // TEMPLATE_COUNT)
        settling = SETTLING.get(index)
        facts = []
        for number, model in enumerate(self.template(index).variants):
            status, seen = model.status, created + model.created_after
            stored = created + model.stored_after if model.was_stored else None
            if settling is not None and model.label == "thumb":
                status, stored = "stored", created + model.stored_after
            elif settling is not None:
                elapsed = now - self._settling_from_ms / 1000 if self._settle else 0.0
                status, after = settling.at(elapsed, delay=6 * max(0, number - 1))
                stored = None if after is None else self._settling_from_ms + int(after * 1000)
            if status in ("edge_only", "pending", "storing") and (index, number) in self.stored:
                status, stored = "stored", self.stored[index, number]
            size = 0 if stored is None else model.size + extra
            facts.append(
                Fact(model.label, status, model.content_type, size, seen, stored, model.width, model.height)
            )
        return facts

    def item(
        self, index: int, now: float, signer: LinkSigner, host: str, expires: int | None = None
    ) -> WireItem:
        """Return the item as the API shows it; `expires` (Unix seconds) makes links with that expiry."""
        self.computed += 1
        kind, duration = self.kind(index)
        expiry = expires or self._listed_expiry(index, now)
        odd = self.odd.get(index)
        media = {}
        for number, fact in enumerate(self.facts(index, now)):
            extra, last = self.accesses.get((index, number), (0, 0))
            mixed = self._mix(index * 8 + number)
            age = max(0, self._started_ms - fact.created)
            url = odd.urls.get(fact.label) if odd else None
            media[fact.label] = WireVariant(
                status=fact.status,
                quality=fact.label,
                size_bytes=fact.size,
                content_type=fact.content_type,
                access_count=1 + mixed % 7 * (mixed % 5) + extra,
                created_at=fact.created,
                expires_at=expiry * 1000,
                stored_at=fact.stored,
                last_accessed_at=max(last, fact.created + age * (mixed % 997) // 1000),
                url=url or f"{host}/v2/{signer.write(self.number, index, number, expiry)}",
            )
        return WireItem(self.id_of(index), kind, duration, media)

    def encoded(
        self, index: int, now: float, signer: LinkSigner, host: str, expires: int | None = None
    ) -> bytes:
        """Return the item's JSON. That of an ordinary item in a listing is kept for the hour."""
        if index in self.written:
            return self.written[index]
        hour = self._hour(now)
        keep = expires is None and index not in self.special
        if keep:
            known = self._encoded.get(index)
            if known is not None and known[0] == hour:
                return known[1]
        text = msgspec.json.encode(self.item(index, now, signer, host, expires))
        if index in self.odd and self.odd[index].dropped:
            fields = msgspec.json.decode(text)
            text = msgspec.json.encode({k: v for k, v in fields.items() if k not in self.odd[index].dropped})
        if keep:
            if len(self._encoded) >= _MAX_ITEMS_KEPT:
                self._encoded = {}
            self._encoded[index] = (hour, text)
        return text

    def _listed_expiry(self, index: int, now: float) -> int:
        """Return the Unix second in which the link in a listing ends.

        A few have ended until the item is read.
        """
        started, mixed = self._started_ms // 1000, self._mix(index)
        if index in self.minted:
            return self.minted[index]
        if index >= 0 and self.template(index).link_expired:
            ended = started - 1800 - mixed % (20 * _HOUR_S)
            if ended > self.created(index) // 1000 + 3600:
                return ended
        return started + (self._hour(now) + 13) * _HOUR_S + mixed % (11 * _HOUR_S)

    def _hour(self, now: float) -> int:
        """Return the hour since the start. Links in a listing are renewed by it, and not on the clock's hour,
        so that two readings in a moment give the same at any time of day.
        """
        return int(now - self._started_ms // 1000) // _HOUR_S

    def write(self, media_id: str, text: str) -> None:
        """Respond with this text in place of the item's own JSON until the next reset."""
        index = self.index_of(media_id)
        if index is None:
            raise KeyError(media_id)
        self.written[index] = text.encode()

    def mint(self, index: int, now: float) -> int:
        """Renew the item's links and return their expiry in Unix seconds, which listings show from now on."""
        expires = int(now) + LINK_LIFE_SECONDS
        if index in self.minted or (index >= 0 and self.template(index).link_expired):
            self.minted[index] = expires
            self._encoded.pop(index, None)
        return expires

    def observe(self, index: int, variant: int, now: float) -> None:
        """Count one access through the media host."""
        count, _ = self.accesses.get((index, variant), (0, 0))
        self.accesses[index, variant] = (count + 1, int(now * 1000))
        self._encoded.pop(index, None)

    def store(self, index: int, variant: int, now: float) -> None:
        """Store a variant on demand, as a POST to its link does."""
        self.stored[index, variant] = int(now * 1000)
        self.special.add(index)
        self._encoded.pop(index, None)

    def delete(self, index: int, now: float) -> int:
        """Remove an item with all its variants, and return the bytes freed."""
        freed = sum(fact.size for fact in self.facts(index, now))
        self.deleted.add(index)
        return freed

    def purge(self, now: float) -> tuple[int, int]:
        """Remove everything, and return the number of variants and the bytes freed."""
        if self.purged:
            return 0, 0
        variants, freed = 0, 0
        bumps = [0]
        for block in range(self.count // TEMPLATE_COUNT + 1):
            bumps.append(bumps[-1] + self.bump(block))
        for residue in range(min(TEMPLATE_COUNT, self.count)):
            items = (self.count - residue - 1) // TEMPLATE_COUNT + 1
            models = self.residue_template(residue).variants
            variants += items * len(models)
            freed += sum(items * model.size + bumps[items] for model in models if model.was_stored)
        for index in self.special | self.deleted:
            if index >= 0:
                plain = self.template(index).variants
                extra = self.bump(index // TEMPLATE_COUNT)
                variants -= len(plain)
                freed -= sum(model.size + extra for model in plain if model.was_stored)
            if index not in self.deleted:
                facts = self.facts(index, now)
                variants += len(facts)
                freed += sum(fact.size for fact in facts)
        self.purged = True
        return variants, freed
