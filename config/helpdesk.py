"""Which helpdesk decisions are written to, and what our fields are called there."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from config.taxonomy import Frozen

FieldName = Literal["issue_type", "priority", "queue", "escalated"]
"""What is written, by our names."""


THEIRS = " (theirs)"


class TheirField(Frozen):
    """A field of the helpdesk's, and how it writes values of ours that it calls something else."""

    name: str = Field(min_length=1)
    values: dict[str, str] = Field(default_factory=dict)  # ours -> theirs; others are the same

    @model_validator(mode="after")
    def _can_be_read_back(self) -> Self:
        if len(set(self.values.values())) < len(self.values):
            message = "two values of ours are called the same there, and could not be told apart"
            raise ValueError(message)
        return self

    def theirs(self, ours: str) -> str:
        """Our value as the helpdesk has it."""
        if ours.endswith(THEIRS) and (theirs := ours.removesuffix(THEIRS)) in self.values:
            return theirs
        return self.values.get(ours, ours)

    def ours(self, theirs: str) -> str:
        """Their value as we have it; one that looks like another of ours says whose it is."""
        for mine, value in self.values.items():
            if value == theirs:
                return mine
        return f"{theirs}{THEIRS}" if theirs in self.values else theirs


class Remote(Frozen):
    """A helpdesk that is spoken to over HTTP."""

    url: str = ""
    credential: str = "TRIAGE_HELPDESK_TOKEN"  # the NAME of the variable that holds the token
    timeout_seconds: float = Field(default=30.0, gt=0)
    settle_seconds: float = Field(default=60.0, ge=0)
    requests: int = Field(default=4, gt=0, le=64)  # at once, by one process
    closed: tuple[str, ...]  # statuses in which nobody works on a ticket
    decided: tuple[str, ...] = Field(min_length=1)  # closed, with values that people stand by
    fields: dict[FieldName, TheirField]

    @model_validator(mode="after")
    def _names_every_field(self) -> Self:
        missing = [name for name in get_args(FieldName) if name not in self.fields]
        if missing:
            message = f"fields lacks {', '.join(missing)}"
            raise ValueError(message)
        return self


class RequestTracker(Remote):
    """Request Tracker 5, by its REST2 interface."""

    key: str = "Triage key"  # the custom field that says which write it was
    automata: tuple[str, ...] = ("RT_System",)  # users that are no people


class Roundup(Remote):
    """Roundup, by its REST interface."""


Kind = Literal["embedded", "rt", "roundup"]


class HelpdeskConfig(Frozen):
    """The helpdesk in use, and how each kind of them is spoken to."""

    kind: Kind = "embedded"
    rt: RequestTracker
    roundup: Roundup

    @property
    def remote(self) -> Remote | None:
        """The one that is spoken to; None for the embedded one."""
        match self.kind:
            case "rt":
                return self.rt
            case "roundup":
                return self.roundup
            case _:
                return None

    @property
    def dependency(self) -> str:
        """What its breaker and its limit are called: `helpdesk:rt`."""
        return f"helpdesk:{self.kind}"

    @property
    def credentials(self) -> tuple[str, ...]:
        """The NAMES of the variables with its tokens."""
        return (self.remote.credential,) if self.remote else ()
