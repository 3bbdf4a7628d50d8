"""Forms in which an admin describes a connection, refusing each bad value beside its field."""

import re
from typing import Any, Final
from unicodedata import normalize

from django import forms
from django.core.exceptions import ValidationError

from dashboard import connections
from dashboard.identity import Caller
from dashboard.models import CONNECTION_ID, SLUG, Colour, Connection, validate_groups, validate_label
from dashboard.vault import AccountConnection

OWN_ADDRESSES: Final = ("add", "import")
"""Pages beside those of the connections: no connection can have these names."""

RAW_ID_PATTERN: Final = re.compile(r"conn_\w{6}")


class GroupsField(forms.CharField):
    """Groups, one a line, exactly as the sign-on writes them; none is everybody."""

    default_validators = [validate_groups]

    def __init__(self) -> None:
        super().__init__(label="Groups that may see it", required=False)

    def to_python(self, value: Any) -> Any:
        lines = str(value or "").replace("\r\n", "\n").split("\n")
        return list(dict.fromkeys(filter(None, map(str.strip, lines))))


class ConnectionForm(forms.Form):
    """The names of a connection, which may change at any time; with `connection`, of one that there is."""

    label = forms.CharField(
        label="Name on pages",
        max_length=100,
        validators=[validate_label],
        error_messages={"required": "Give it a name: pages show it, and a purge asks for it."},
    )
    colour = forms.ChoiceField(
        label="Colour",
        choices=Colour.choices,
        error_messages={
            "required": "Choose a colour.",
            "invalid_choice": f"“%(value)s” is none of: {', '.join(Colour.values)}.",
        },
    )
    groups = GroupsField()

    def __init__(self, data: Any = None, *, connection: Connection | None = None, **kwargs: Any) -> None:
        self.connection = connection
        if connection is not None:
            kwargs["initial"] = {
                "label": connection.label,
                "colour": connection.colour,
                "groups": "\n".join(connection.groups),
            }
        super().__init__(data, **kwargs)

    def clean_label(self) -> str:
        label = str(self.cleaned_data["label"])
        if RAW_ID_PATTERN.search(label):
            raise ValidationError(
                "This looks like a connection's ID, which pages never show. Give it a name."
            )
        other = Connection.objects.filter(label=label).first()
        if other and other != self.connection:
            raise ValidationError(f"Another connection ({other.slug}) has this name already.")
        return label

    def clean_groups(self) -> list[str]:
        groups: list[str] = self.cleaned_data["groups"]
        if any(map(RAW_ID_PATTERN.search, groups)):
            raise ValidationError("One of these looks like a connection's ID, which pages never show.")
        return groups

    def save(self, caller: Caller) -> Connection | None:
        """Keep the connection; return None with a reason if somebody was faster. Raises NotRecorded."""
        try:
            return self._keep(caller)
        except connections.ConnectionExists:
            clash = "Somebody gave this name or ID to another connection at the same moment."
            self.add_error(None, f"{clash} Look, then press again.")
            return None

    def _keep(self, caller: Caller) -> Connection:
        assert self.connection is not None  # noqa: S101 - the form of one that there is
        return connections.change(caller, self.connection, **self.cleaned_data)


class NewConnectionForm(ConnectionForm):
    """A connection that is not here yet: its names, and once, in the clear, its id."""

    field_order = ("connection_id", "slug", "label", "colour", "groups")

    connection_id = forms.CharField(
        label="Connection ID",
        validators=[CONNECTION_ID],
        error_messages={"required": "Paste the connection's ID, as the vendor gives it."},
    )
    slug = forms.CharField(
        label="Name in links",
        max_length=64,
        validators=[SLUG],
        error_messages={"required": "Give it a name in links, such as studio-a."},
    )

    def clean_connection_id(self) -> str:
        connection_id = str(self.cleaned_data["connection_id"])
        if other := Connection.objects.find_by_raw_id(connection_id):
            raise ValidationError(f"This ID was added already: {_name_clash(other)} has it.")
        return connection_id

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        if slug in OWN_ADDRESSES:
            raise ValidationError(f"“{slug}” is an address of the dashboard's own. Choose another.")
        if other := Connection.objects.filter(slug=slug).first():
            raise ValidationError(f"{_name_clash(other)} has this name in links already.")
        return slug

    def _keep(self, caller: Caller) -> Connection:
        return connections.add(caller, **self.cleaned_data)


class ImportForm(NewConnectionForm):
    """A connection that the account lists: its id is not typed, its names start as its person's."""

    def __init__(self, data: Any = None, *, theirs: AccountConnection) -> None:
        named = theirs.username or theirs.name
        super().__init__(
            data, initial={"slug": make_slug(named), "label": named, "colour": Colour.SLATE.value}
        )
        self.fields["connection_id"].disabled = True
        self.initial["connection_id"] = theirs.id


class ArchiveForm(forms.Form):
    """The direction: a press that comes twice, or from an old page, must not undo the one before."""

    act = forms.ChoiceField(choices=[("archive", "Archive"), ("restore", "Bring back")])


def make_slug(name: str) -> str:
    """Return a name for links made of a person's: `Café.Süd` becomes `cafe-sud`; "" if nothing is left."""
    letters = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:64].strip("-")


def _name_clash(connection: Connection) -> str:
    return f"{connection.label} (archived)" if connection.archived_at else connection.label
