"""Reports bugs to Sentry, by DSN; nothing that is expected, and never a word of a ticket."""

from collections.abc import Callable, Mapping
from typing import Any

from tasks.run import Run
from worker.telemetry.redacted import redacted
from worker.version import VERSION

Report = Callable[[Exception, Run], str | None]


def reporter(dsn: str | None) -> Report:
    """A function that reports a bug of a run and gives the event's id; None where no DSN is set.

    The SDK is set up by hand (see the facts it was chosen by in docs/architecture.md): automatic
    integrations would send every handled 429, and local variables hold prompts.
    """
    if dsn is None:
        return lambda _error, _run: None
    import sentry_sdk  # noqa: PLC0415 - costs start-up time, and most fleets have no DSN

    sentry_sdk.init(
        dsn=dsn,
        release=VERSION,
        auto_enabling_integrations=False,
        default_integrations=False,
        include_local_variables=False,
        send_default_pii=False,
        max_breadcrumbs=0,
        traces_sample_rate=0.0,
        before_send=scrub,
    )

    def send(error: Exception, run: Run) -> str | None:
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("run", run.id)
            scope.set_tag("stage", run.stage)
            scope.set_tag("tier", run.tier)
            return sentry_sdk.capture_exception(error)

    return send


KEPT = frozenset(
    {
        *("event_id", "timestamp", "level", "platform", "release", "environment", "fingerprint"),
        *("exception", "tags", "sdk", "modules"),
    }
)
TAGS = frozenset({"run", "stage", "tier"})
"""Ours. A library may set others, and whatever else the SDK lets it."""


def scrub(event: Any, _hint: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the SDK's own event type
    """Leaves type and place of each exception, and not its text: that may quote a ticket.

    Nor what its variables held, nor what anybody has told the scope: what is not listed stays here,
    for not every secret shows that it is one. What is listed is redacted.
    """
    kept = {part: found for part, found in event.items() if part in KEPT}
    kept["tags"] = {tag: found for tag, found in event.get("tags", {}).items() if tag in TAGS}
    for entry in event.get("exception", {}).get("values", []):
        entry["value"] = "(left out)"
        for frame in (entry.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    return redacted(kept)
