"""The counts of what browsers refused to do on our pages, by the day."""

from django.db import models


class PolicyReport(models.Model):
    """How often a page's content security policy stopped one kind of thing on one day, as browsers report."""

    day = models.DateField()
    directive = models.CharField(max_length=41)
    blocked = models.CharField(max_length=161)
    """The host that it would have come from, or a word such as `inline`."""
    page = models.CharField(max_length=60)
    """The name of the page's address in urls.py, never the address itself."""
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "directive", "blocked", "page"], name="one_policy_report_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.directive}: {self.blocked} on {self.page}"
