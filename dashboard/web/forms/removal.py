"""Forms of a removal, and of the note that closes one by hand."""

import uuid
from contextlib import suppress
from typing import Any, Final
from unicodedata import normalize

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError

from dashboard.identity import Person
from dashboard.models import Connection, Removal
from dashboard.removals import actions
from dashboard.removals.errors import ImpactChanged
from dashboard.removals.impact import Impact
from dashboard.removals.ledger import Intent

from .fields import LinesField, TicketField

NOT_OF_THIS_FORM: Final = (
    "This form was made for something else, so nothing was deleted. What it asks about now is shown here: "
    "look, then press again."
)
IMPACT_LIFETIME_SECONDS: Final = 15 * 60
"""Seconds for which what a purge would take is believed once it was shown."""


class RemovalForm(forms.Form):
    """The ticket that asked for a removal, and the reason; both may be left empty."""

    ticket = TicketField()
    reason = LinesField(label="Reason", required=False, max_length=1000)
    token = forms.CharField(required=False)
    retry_of = forms.UUIDField(required=False, error_messages={"invalid": "There is no such removal."})

    def __init__(self, *args: Any, target: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._signer = signing.Signer(salt=f"form of removing {target}")
        """Of the one-time token: one press is one removal, and only of what the form asks about."""
        self.is_used = False
        """True once the token that came back stands in a record."""

    def clean_token(self) -> uuid.UUID:
        """Return the token's number; a press without a token gets a number of its own."""
        token = self.cleaned_data["token"]
        if not token:
            return uuid.uuid4()
        try:
            return uuid.UUID(self._signer.unsign(token))
        except (signing.BadSignature, ValueError):
            raise ValidationError(NOT_OF_THIS_FORM) from None

    @property
    def one_time_token(self) -> str:
        """Return the token that came back while it is good for this form, else a new one."""
        token = "" if self.is_used else str(self["token"].value() or "")
        with suppress(signing.BadSignature, ValueError):
            uuid.UUID(self._signer.unsign(token))
            return token
        return self._signer.sign(str(uuid.uuid4()))


class PurgeForm(RemovalForm):
    """A removal of everything: the connection's label is typed by hand and compared here, and what the purge
    would take has to have been shown first: the form brings it back, signed."""

    typed = forms.CharField(label="Connection's name", required=False, max_length=200)
    impact = forms.CharField(required=False)

    def __init__(self, *args: Any, connection: Connection, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, target=f"everything of {connection.pk}", **kwargs)
        self.connection = connection
        self.expected = connection.label
        self.earlier: dict[str, Any] | None = None
        """What was shown before, once it is not any more what a purge would take."""
        self.salt = f"impact of purging {[connection.pk, person.issuer, person.subject]}"

    def sign(self, impact: Impact) -> str:
        """Return the impact on the page, signed for a hidden field: it is good for whom it is shown to."""
        return signing.dumps(impact, salt=self.salt)

    def clean_impact(self) -> Impact:
        try:
            seen = signing.loads(self.cleaned_data["impact"], salt=self.salt, max_age=IMPACT_LIFETIME_SECONDS)
        except signing.BadSignature:
            raise ValidationError(
                "You have not seen in the last 15 minutes what this would purge. Nothing was purged. Check "
                "it now, then press again."
            ) from None
        return Impact(*seen)

    def carry_out(self, intent: Intent) -> Removal | None:
        """Purge; return None with a reason if it is not any more what was shown: the form then asks again."""
        try:
            return actions.purge(self.connection, intent, self.cleaned_data["impact"])
        except ImpactChanged as changed:
            self.earlier = self.cleaned_data["impact"].shown
            advice = "Nothing was purged. Check what it would take now, then press again."
            self.add_error("impact", f"{changed} {advice}")
            self.is_used = True
            return None

    def clean_typed(self) -> str:
        typed = normalize("NFC", str(self.cleaned_data["typed"]))
        if not typed:
            raise ValidationError("Type the connection's name to purge it.")
        if typed != self.expected:
            raise ValidationError("Name doesn't match. Type it exactly as shown. Nothing was purged.")
        return typed


class ClosingForm(forms.Form):
    """An admin's note on a removal that nothing else could settle."""

    note = LinesField(
        max_length=1000, error_messages={"required": "Say what you found: it goes into the record."}
    )
