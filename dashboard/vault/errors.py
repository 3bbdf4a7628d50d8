"""Errors of the client, each named by what a person can do about it now."""

from typing import ClassVar


class VaultError(Exception):
    """A call without a usable response.

    `detail` is the service's own text (or ours if it sent none), `status` its HTTP status if it responded,
    `code` and `request_id` its own identifiers if it gave them. None of them ever contains the API key, a
    connection id or a signed link.
    """

    title: ClassVar[str] = "The service could not answer"
    advice: ClassVar[str] = "Try again; if it goes on, tell your administrator."

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code
        self.request_id = request_id

    @property
    def is_withheld(self) -> bool:
        """True if no call was made: by a limit of ours, or for what calls before this one came to."""
        return self.status is None and isinstance(self, Busy | NotAnswering | KeyRefusedBefore)


class KeyRefused(VaultError):
    """401 or 403: our API key, its scope, or the connection is refused. Trying again does not help."""

    title = "The service refused our key"
    advice = (
        "Retrying will not help, and your own sign-in is fine. Tell your administrator: the API key, its "
        "ACCOUNT scope or this connection was refused."
    )


class KeyRefusedBefore(KeyRefused):
    """The key was refused with 401 a moment ago, so this call was not made."""


class NotCached(VaultError):
    """404: no item of this id is cached for the connection."""

    title = "Not in the cache"
    advice = "Nothing is cached under this ID for this connection. It may have been removed, or never stored."


class BadRequest(VaultError):
    """Any other 4xx: the service does not accept what was asked."""

    title = "The service did not accept the request"
    advice = "Check the filters or the ID. What the service said stands below."

    @property
    def is_about_cursor(self) -> bool:
        """True if the service's words name the cursor: then the same filters work from the first page."""
        return "cursor" in f"{self.code} {self.detail}".lower()


class MalformedMediaId(BadRequest):
    """An id that no call may be made with, see `dashboard.vault.query.MEDIA_ID`. Nothing was sent."""

    title = "Not a media ID"
    advice = "A media ID has 1 to 128 letters, digits, hyphens or underscores, as in 4492994399."


class Busy(VaultError):
    """429, 503 with Retry-After, or no free slot here. `retry_after` is in seconds, None if not named."""

    title = "The service asks us to wait"
    advice = "Wait a moment, then try again."

    def __init__(self, detail: str = "", *, retry_after: float | None = None, **rest: object) -> None:
        super().__init__(detail, **rest)  # type: ignore[arg-type]
        self.retry_after = retry_after


class Unreachable(VaultError):
    """No response in time, or no connection. Raised for a delete or purge only if nothing was sent."""

    title = "The service was not reached"
    advice = "Nothing was changed. Try again in a moment."


class NotAnswering(Unreachable):
    """The last calls failed, so this one was not made. Another may be after `retry_after` seconds."""

    title = "Vault+ isn't answering"
    advice = "Nothing was sent. Try again in a moment."

    def __init__(self, *, retry_after: float) -> None:
        super().__init__("The calls before this one failed, so it was not made. Nothing was sent.")
        self.retry_after = retry_after


class UnexpectedResponse(VaultError):
    """A response that breaks the contract: a redirect, one that is cut off, too large or of another shape."""

    title = "The service sent something we cannot use"
    advice = "Try again; if it goes on, tell your administrator which page this was."


class UnreadableResponse(UnexpectedResponse):
    """A response about an item that has no usable id."""


class OutcomeUnknown(VaultError):
    """A delete or purge was sent without a usable response: it may or may not have happened."""

    title = "It is not known whether this happened"
    advice = "Do not press again. Read the item or the list to see what is there now."
