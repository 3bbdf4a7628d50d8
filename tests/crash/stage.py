"""Everything a crash needs: a service that sees every call, a database, the server, a process that forks; and
the books, which have to balance whatever was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from dashboard.sandbox import Call, Sandbox
from tests.browser.program import ROOT
from tests.crash.databases import PATIENCE, Database
from tests.crash.relay import Relay
from tests.environment import API_KEY, NO_BUDGETS, make_up

ITEMS: Final = "shelf"
"""The connection whose items are deleted one by one."""

SHOWN: Final = [ITEMS, *(f"room-{number}" for number in range(10))]
HIDDEN: Final = [f"cellar-{number}" for number in range(240)]
"""Connections to be purged: on their pages, and by the process that forks. The service can have 256."""

OPEN: Final = ("planned", "claimed", "sent", "unknown")
UNSENT: Final = [("already_gone", ["already_gone"]), ("cancelled", [])]
"""How an item of a bulk removal may end for which nothing was sent, and its events."""

NOT_TAKEN: Final = (401, 429)
"""What the service answers to a call that it does not take: the item is put off, and sent again."""

Target = tuple[str, str]
"""A connection's slug and an item's id, which is empty for a purge."""


@dataclass
class Account:
    """What is known of one target: the calls that the service saw, the ledger's rows, the audit's events."""

    calls: list[Call] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        return self.states[-1] if self.states else "no row"

    def balances(self) -> bool:
        """One row at most, at its end; a call only after an intent, and never a second one that was taken."""
        outcomes = [event["code"].rpartition(".")[2] for event in self.events]
        if not self.states:
            return not self.calls and not outcomes
        if len(self.states) > 1 or self.outcome in OPEN:
            return False
        if not self.calls and (self.outcome, outcomes) in UNSENT:
            return True
        intents = [
            datetime.fromisoformat(e["at"]).timestamp() for e in self.events if e["code"].endswith(".sent")
        ]
        return (
            outcomes[0] == "sent"
            and outcomes[-1] == ("put_off" if self.outcome == "cancelled" else self.outcome)
            and len(intents) == 1 + outcomes[:-1].count("put_off")
            and len(self.calls) <= len(intents)
            and all(intent < call.at for intent, call in zip(intents, self.calls, strict=False))
            and len([call for call in self.calls if call.status not in NOT_TAKEN]) <= 1
        )


class Stage:
    def __init__(self, folder: Path, database: Database) -> None:
        self.database, self.folder = database, folder
        self._log = folder / "presses.log"
        self._ids = {slug: f"conn_{slug.replace('-', '_')}" for slug in (*SHOWN, *HIDDEN)}
        self._started = ExitStack()
        self._calls_read = 0
        self._removals: list[Call] = []
        self._events: list[dict[str, Any]] = []  # read once: neither calls nor events go or change
        self._accounts: dict[Target, Account] = defaultdict(Account)
        self._booked = (0, 0)
        self._verified_at = datetime.now(UTC)

    def __enter__(self) -> Self:
        with self._started as started:
            started.callback(self.database.close)
            counts = {of: 20_000 if slug == ITEMS else 5 for slug, of in self._ids.items()}
            self.service = started.enter_context(Sandbox(counts, key=API_KEY, settle=False))
            self.relay = started.enter_context(Relay(self.service.url))
            shelf = self.service.shelves[self._ids[ITEMS]]
            now = time.time()
            # Each removal takes the same steps; of an item that is listed as removed nothing would be left.
            self._items = (
                shelf.id_of(index)
                for index in range(100, shelf.count)
                if len(shelf.template(index).variants) == 3
                and any(fact.status != "removed" for fact in shelf.facts(index, now))
            )
            self._rooms, self._cellars = iter(SHOWN[1:]), iter(HIDDEN)
            self._forking = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.presses"],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=started.enter_context(self._log.open("w")),
                text=True,
            )
            started.callback(self._stop)
            self.order("prepare", connections_by_slug=self._ids, shown=SHOWN)
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.close()

    def _stop(self) -> None:
        with self._forking as forking:
            assert forking.stdin
            forking.stdin.close()

    def environment(self) -> dict[str, str]:
        """Settings of a program that works on this database, and reaches the service through the relay."""
        ours = ("DASHBOARD_", "VAULTPLUS_", "COVERAGE_", "COV_", "WEB_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        make_up(environment)
        return environment | {
            **NO_BUDGETS,
            "DATABASE_URL": self.database.url,
            "VAULTPLUS_API_URL": self.relay.url,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        }

    def order(self, order: str, **told: Any) -> Any:
        """Have the process that forks do something; what it answers."""
        assert self._forking.stdin
        assert self._forking.stdout
        self._forking.stdin.write(json.dumps({"order": order, **told}) + "\n")
        self._forking.stdin.flush()
        answer = json.loads(self._forking.stdout.readline() or '{"failed": "it ended"}')
        assert "failed" not in answer, f"{answer['failed']}\n{self._log.read_text()[-5000:]}"
        return answer["answer"]

    def item(self) -> Target:
        return ITEMS, next(self._items)

    def ids(self, count: int) -> list[str]:
        """So many items of the same connection, alike or not; on a stage where no other is asked for."""
        shelf = self.service.shelves[self._ids[ITEMS]]
        return [shelf.id_of(index) for index in range(count)]

    def take_away(self, media_ids: Iterable[str]) -> None:
        """As somebody else does, past the dashboard."""
        shelf = self.service.shelves[self._ids[ITEMS]]
        for media_id in media_ids:
            index = shelf.index_of(media_id)
            assert index is not None
            shelf.delete(index, time.time())

    def room(self) -> Target:
        """A connection that is purged on its page."""
        return next(self._rooms), ""

    def cellar(self) -> Target:
        """A connection that is purged by the process that forks."""
        return next(self._cellars), ""

    def age(self) -> None:
        """Let the lease of every row that is still out, and the pause before every next look, be over."""
        # The clock is not ours to change, and half a minute is long.
        self.database.write("UPDATE dashboard_removal SET lease_until = sent_at WHERE state = 'sent'")
        self.database.write("UPDATE dashboard_removal SET next_look_at = sent_at WHERE state = 'unknown'")
        self.database.write("UPDATE dashboard_removal SET lease_until = sent_at WHERE state = 'claimed'")
        self.database.write("UPDATE dashboard_job SET lease_until = created_at WHERE lease_until IS NOT NULL")
        self.database.write("UPDATE dashboard_job SET next_try_at = created_at WHERE state = 'paused'")

    def reconcile(self) -> None:
        """Look after what was left behind until nothing is."""
        self.age()
        while self.order("reconcile"):
            self.age()

    def work(self) -> None:
        """Be the next worker until every bulk removal is over, and look after what was lost."""
        self.reconcile()
        while self.order("work"):
            self.reconcile()
        self.reconcile()

    def wait_until(self, fits: Callable[[], bool], why: str) -> None:
        until = time.monotonic() + PATIENCE
        while not fits():
            assert time.monotonic() < until, why
            time.sleep(0.03)

    def removals(self) -> list[Call]:
        """The destructive calls that the service saw."""
        new = self.service.calls[self._calls_read :]
        self._calls_read += len(new)
        self._removals += [call for call in new if call.method == "DELETE"]
        return self._removals

    def accounts(self) -> dict[Target, Account]:
        """What service, ledger and audit know of each target."""
        accounts, (calls, events) = self._accounts, self._booked
        slugs = {connection_id: slug for slug, connection_id in self._ids.items()}
        for call in self.removals()[calls:]:
            media_id = call.path.removeprefix("/v2/vault-plus/media").removeprefix("/")
            accounts[slugs[call.connection], media_id].calls.append(call)
        for account in accounts.values():
            account.states = []
        rows = (
            "SELECT slug, media_id, state FROM dashboard_removal "
            "JOIN dashboard_connection ON dashboard_connection.id = connection_id ORDER BY sent_at"
        )
        for slug, media_id, state in self.database.rows(rows):
            accounts[slug, media_id].states.append(state)
        for event in self.events()[events:]:
            if event["removal"]:
                accounts[event["connection"], event["media_id"]].events.append(event)
        self._booked = len(self._removals), len(self._events)
        return accounts

    def events(self) -> list[dict[str, Any]]:
        last = self._events[-1]["sequence"] if self._events else 0
        new = f"SELECT line FROM dashboard_event WHERE sequence > {last} ORDER BY sequence"
        self._events += [json.loads(line) for (line,) in self.database.rows(new)]
        return self._events

    def balance(self, targets: list[Target]) -> Counter[str]:
        """What became of these targets, how often; asserts that nothing is amiss with them, and that no event
        is missing. What each event says is left to `verify_new`."""
        accounts = self.accounts()
        for target in targets:
            assert accounts[target].balances(), (target, accounts[target])
        assert [event["sequence"] for event in self.events()] == list(range(1, self.count_events() + 1))
        return Counter(accounts[target].outcome for target in targets)

    def verify_new(self) -> None:
        """Assert that what was added to the chain holds, since this was asserted last."""
        since, self._verified_at = self._verified_at, datetime.now(UTC)
        assert self.order("verify", since=since.isoformat()) == ""

    def verify(self) -> None:
        """Assert that the chain holds, from its first event to its last."""
        assert self.order("verify").startswith("The chain holds")

    def count_events(self) -> int:
        return int(self.database.rows("SELECT count(*) FROM dashboard_event")[0][0])

    def sent(self, targets: list[Target]) -> int:
        """How many of these targets' calls the service saw."""
        accounts = self.accounts()
        return sum(len(accounts[target].calls) for target in targets)
