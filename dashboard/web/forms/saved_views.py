"""Forms that save or delete a view."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from dashboard import saved_views
from dashboard.identity import Caller, Person, Role
from dashboard.models import Connection, SavedView, validate_label
from dashboard.vault import MediaQuery

from .connection import RAW_ID_PATTERN


class ViewForm(forms.Form):
    """A name for filters, and for whom and where they are."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        validators=[validate_label],
        error_messages={
            "required": "Give it a name of 1 to 60 characters.",
            "max_length": "A name has at most 60 characters.",
        },
    )
    for_any = forms.BooleanField(label="For every connection", required=False)
    is_shared = forms.BooleanField(label="Share it", required=False)

    def __init__(self, data: Any = None, *, person: Person) -> None:
        super().__init__(data)
        self.person = person

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if RAW_ID_PATTERN.search(name):
            raise ValidationError("This looks like a connection's ID, which pages never show.")
        return name

    def clean_is_shared(self) -> bool:
        is_shared = bool(self.cleaned_data["is_shared"])
        if is_shared and not self.person.may(Role.OPERATOR):
            raise ValidationError(
                "Only operators and admins share views. Save it for yourself, or ask one of them."
            )
        return is_shared

    def save(self, caller: Caller, connection: Connection, query: MediaQuery) -> SavedView | None:
        """Save these filters; return None with a reason if the person has a view of this name."""
        values = self.cleaned_data
        where = None if values["for_any"] else connection
        view = saved_views.save(caller, values["name"], query, where, is_shared=values["is_shared"])
        if view is None:
            self.add_error("name", "You have a view of this name already. Choose another name.")
        return view


class DeleteViewForm(forms.Form):
    """The button's own word: whatever else is sent here deletes nothing."""

    act = forms.ChoiceField(choices=[("delete", "Delete")])
