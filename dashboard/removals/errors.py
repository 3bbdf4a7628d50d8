"""Reasons why a removal was not begun, or why its record is not whole."""

from dashboard.models import Removal, RemovalState
from dashboard.problems import Action, Problem
from dashboard.units import format_count


class IntentNotRecorded(Problem):
    """The row could not be committed, so nothing was sent."""

    title = "Nothing was removed"
    advice = (
        "The record of this removal could not be written, so nothing was sent to the service. "
        "Tell your administrator that the dashboard's database does not accept writes."
    )
    status = 503


class KeyReused(IntentNotRecorded):
    """Somebody has pressed the button of this very form already; nothing was sent."""

    title = "This form was used already"
    advice = (
        "Somebody else has pressed the button of this very form. Nothing was sent a second time: open the "
        "item again to see what is there now."
    )
    status = 409
    is_in_connection = True


class OutcomeNotRecorded(Problem):
    """The call was made, but its outcome could not be written: the row still says `sent`."""

    title = "Sent, but its outcome could not be recorded"
    status = 500

    def __init__(self, removal: Removal) -> None:
        super().__init__(str(removal.pk))
        self.removal = removal
        self.advice = (
            "The request went to the service, and the dashboard's database did not take what became of it. "
            "Do not press again: look at what is there now, and give your administrator the record's number "
            f"{removal.pk}."
        )
        self.action = Action(removal, "See its record")


class RefusalNotRecorded(OutcomeNotRecorded):
    """Nothing was removed, but that could not be written: the row still says `sent`."""

    title = "Nothing was removed, but that could not be recorded"
    status = 503

    def __init__(self, removal: Removal) -> None:
        super().__init__(removal)
        self.advice = (
            "It was not sent, or the service did not take it, but the dashboard's database could not keep "
            "that. The record says “Sent” until reading has found it out. Look again later."
        )


class FindingNotRecorded(OutcomeNotRecorded):
    """It was found out by reading what became of the removal, but that could not be written."""

    title = "What was found could not be recorded"
    status = 503

    def __init__(self, removal: Removal) -> None:
        super().__init__(removal)
        self.advice = (
            "Nothing was sent: it was only read. The dashboard's database did not take what was found: "
            "its record stands as before. Look again later."
        )


class RemovalInFlight(Problem):
    """Nothing was sent, because the outcome of another removal of this target, `other`, is not known yet."""

    title = "Already being removed"
    status = 409

    def __init__(self, other: Removal) -> None:
        super().__init__(str(other.pk))
        self.other = other
        if other.job is not None and other.state in (RemovalState.PLANNED, RemovalState.CLAIMED):
            items, asked = format_count(other.job.total or 1, "item"), f"{other.job.created_at:%H:%M:%S}"
            progress = (
                f"{other.person} asked at {asked} UTC to delete {items}, this among them, and it waits its "
                "turn."
            )
            self.action = Action(other.job, "See the bulk removal")
        else:
            is_out = other.state == RemovalState.SENT
            answer = "its answer is not in yet" if is_out else "what became of it could not be found out yet"
            progress = f"{other.person} pressed the button at {other.sent_at:%H:%M:%S} UTC, and {answer}."
            self.action = Action(other, "See its record")
        self.advice = f"{progress} Nothing was sent a second time."


class RemovalEnded(Exception):
    """Nothing was sent, because another removal of this target, `other`, has just ended."""

    def __init__(self, other: Removal) -> None:
        super().__init__(str(other.pk))
        self.other = other


class ImpactChanged(Exception):
    """Nothing was purged, because it is not any more what the person was shown; the text says why."""


class ItemsLocked(Problem):
    """Nothing was begun, because other removals, `locked`, lock every one of the items."""

    title = "Already being removed"
    status = 409

    def __init__(self, locked: list[Removal]) -> None:
        super().__init__(str(len(locked)))
        self.locked = locked
        first = locked[0]
        self.advice = (
            f"Another removal holds every one of these items; the first was asked for by {first.person}. "
            "Nothing was begun a second time."
        )
        self.action = Action(first.job or first, "See that removal")
