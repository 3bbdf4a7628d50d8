"""Finding a query's items in order, from anywhere, without looking at the items in between."""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import dropwhile

from .query import ListingQuery
from .shelf import Shelf
from .templates import CREATED_SPREAD_MS, STORED_SPREAD_MS, TEMPLATE_COUNT, Template

_MAX_QUERIES_KEPT = 200

Rank = tuple[int, float, int]
"""An item's place in an order: no key (0 or 1), key, index. Ascending ranks are the order."""


class Walk:
    """The items of a shelf that match a query, in order: newest first unless sorted, null keys last.

    An item's creation time is that of its first variant, its caching time that of its latest
    stored variant; items equal in the sort key stand newest first.
    """

    def __init__(self, shelf: Shelf, query: ListingQuery, now: float) -> None:
        self.shelf, self.query, self.now = shelf, query, now
        self.residues = find_residues(shelf, query)
        self.first, self.stop = self._index_range()

    def after(self, rank: Rank | None) -> Iterator[tuple[Rank, int]]:
        """Yield the matching items after this place, or all, each with its rank."""
        ordinary = self._ordinary(rank)
        special = sorted(
            (self._rank(index), index) for index in self.shelf.special if self._found(index, special=True)
        )
        merged = heapq.merge(ordinary, special)
        return merged if rank is None else dropwhile(lambda found: found[0] <= rank, merged)

    def _index_range(self) -> tuple[int, int]:
        """Ordinary indices outside this range cannot match the dates."""
        query, shelf = self.query, self.shelf
        latest = [moment for moment in (query.created_to, query.cached_to) if moment is not None]
        earliest = []
        if query.created_from is not None:
            earliest.append(query.created_from - CREATED_SPREAD_MS)
        if query.cached_from is not None:
            earliest.append(query.cached_from - STORED_SPREAD_MS)
        first = shelf.first_created_by(min(latest)) if latest else 0
        stop = shelf.first_created_by(max(earliest) - 1) if earliest else shelf.count
        return first, stop

    def _found(self, index: int, *, special: bool = False) -> bool:
        shelf, query = self.shelf, self.query
        if not shelf.holds(index):
            return False
        if not special:
            if index in shelf.special:
                return False
            return not query.asks_dates or query.fits_variants(shelf.facts(index, self.now))
        return query.fits_item(*shelf.kind(index)) and query.fits_variants(shelf.facts(index, self.now))

    def _indices(
        self, residues: Sequence[int], first: int, stop: int, *, backwards: bool = False
    ) -> Iterator[int]:
        """Matching ordinary indices with these residues in the range."""
        if self.shelf.purged:
            return
        for index in iterate_indices(
            residues, max(first, self.first), min(stop, self.stop), backwards=backwards
        ):
            if self._found(index):
                yield index

    def _rank(self, index: int) -> Rank:
        sort = self.query.sort or ""
        key: float | None = 0
        if sort == "createdAt_asc":
            return 0, 0, -index
        if sort.startswith("cachedAt"):
            key = max(
                (fact.stored for fact in self.shelf.facts(index, self.now) if fact.stored), default=None
            )
        elif sort.startswith("duration"):
            key = self.shelf.kind(index)[1]
        if key is None:
            return 1, 0, index
        return 0, -key if sort.endswith("_desc") and not sort.startswith("created") else key, index

    def _ordinary(self, rank: Rank | None) -> Iterator[tuple[Rank, int]]:
        sort = self.query.sort or ""
        if sort.startswith("cachedAt"):
            return self._by_caching(rank, newest_first=sort.endswith("_desc"))
        if sort.startswith("duration"):
            return self._by_duration(rank, longest_first=sort.endswith("_desc"))
        if sort == "createdAt_asc":
            stop = self.stop if rank is None else -rank[2]
            indices = self._indices(self.residues, 0, stop, backwards=True)
        else:
            indices = self._indices(self.residues, 0 if rank is None else rank[2] + 1, self.stop)
        return ((self._rank(index), index) for index in indices)

    def _by_duration(self, rank: Rank | None, *, longest_first: bool) -> Iterator[tuple[Rank, int]]:
        groups: dict[tuple[int, float], list[int]] = {}
        for residue in self.residues:
            duration = self.shelf.residue_template(residue).duration
            key = (1, 0.0) if duration is None else (0, -duration if longest_first else duration)
            groups.setdefault(key, []).append(residue)
        for key in sorted(groups):
            if rank is not None and key < rank[:2]:
                continue
            first = rank[2] + 1 if rank is not None and key == rank[:2] else 0
            for index in self._indices(groups[key], first, self.stop):
                yield (*key, index), index

    def _by_caching(self, rank: Rank | None, *, newest_first: bool) -> Iterator[tuple[Rank, int]]:
        """Caching follows creation within a bounded delay: a small heap puts it in exact order."""
        shelf = self.shelf
        stored = [r for r in self.residues if shelf.residue_template(r).was_stored]
        never = [r for r in self.residues if not shelf.residue_template(r).was_stored]
        if rank is None or rank[0] == 0:
            first, stop = 0, self.stop
            if rank is not None and newest_first:
                first = shelf.first_created_by(int(-rank[1]))
            elif rank is not None:
                stop = shelf.first_created_by(int(rank[1]) - STORED_SPREAD_MS - 1)
            waiting: list[tuple[Rank, int]] = []
            for index in self._indices(stored, first, stop, backwards=not newest_first):
                created = shelf.created(index)
                safe = -(created + STORED_SPREAD_MS) if newest_first else created
                while waiting and waiting[0][0][1] <= safe:
                    yield heapq.heappop(waiting)
                heapq.heappush(waiting, (self._rank(index), index))
            while waiting:
                yield heapq.heappop(waiting)
        for index in self._indices(never, rank[2] + 1 if rank is not None and rank[0] else 0, self.stop):
            yield (1, 0, index), index


def iterate_indices(
    residues: Sequence[int], first: int, stop: int, *, backwards: bool = False
) -> Iterator[int]:
    """Yield every number in range(first, stop) with one of these sorted residues, in order."""
    if not residues or first >= stop:
        return
    blocks = range(first // TEMPLATE_COUNT, (stop - 1) // TEMPLATE_COUNT + 1)
    for block in reversed(blocks) if backwards else blocks:
        base = block * TEMPLATE_COUNT
        low, high = bisect_left(residues, first - base), bisect_right(residues, stop - base - 1)
        chosen = range(low, high)
        for place in reversed(chosen) if backwards else chosen:
            yield base + residues[place]


def find_residues(shelf: Shelf, query: ListingQuery) -> list[int]:
    """Return the residues whose ordinary items match the query, dates aside; ascending, kept on the shelf."""
    key = (query.status, query.type, query.content_type, query.duration_min, query.duration_max)
    known = shelf.residues_known.get((*key, query.asks_cached))
    if known is None:
        templates = enumerate(shelf.templates)
        known = sorted(shelf.residue_of(number) for number, model in templates if _can_match(model, query))
        if len(shelf.residues_known) >= _MAX_QUERIES_KEPT:
            shelf.residues_known.clear()
        shelf.residues_known[(*key, query.asks_cached)] = known
    return known


def _can_match(template: Template, query: ListingQuery) -> bool:
    return query.fits_item(template.type, template.duration) and any(
        (query.status is None or model.status == query.status)
        and (query.content_type is None or model.content_type == query.content_type)
        and (model.was_stored or not query.asks_cached)
        for model in template.variants
    )
