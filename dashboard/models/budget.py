"""What people have used up of what they may do in a time."""

from django.db import models

from .actor import OwnedManager, OwnerFields


class Budget(OwnerFields):
    """How much of one kind a person did since `started_at`: a row for each person and kind, used again."""

    kind = models.CharField(max_length=20)
    person = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    count = models.PositiveBigIntegerField(default=0)
    refused_at = models.DateTimeField(null=True)
    """When something was refused for the first time since `started_at`."""

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject", "kind"], name="one_budget_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person}: {self.count}"
