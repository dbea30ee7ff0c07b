"""What the page says: the snapshot in words, made once for the server's HTML and the script."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

from config.tiers import TIERS
from tasks.ports.ledger import Books
from tasks.run import State
from worker.alerts.alert import Alert
from worker.operating.moments import age
from worker.pages.figures import count, rate, share, span, usd
from worker.pages.snapshot import Snapshot
from worker.pages.tables import Row, footnotes, tables
from worker.pages.watch import View

Tone = Literal["calm", "warn", "alarm", "stale"]

BAR = 100.0
"""How wide the bar of the books is, and how high the tallest of the minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """Every text of the page by the name of its place. Plain text: escaping is the template's."""

    tone: Tone
    texts: Mapping[str, str]
    alerts: tuple[Row, ...]
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    bars: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """For the script, which puts each text in its place."""
        return asdict(self)


def show(view: View) -> Shown:
    """The page for this view."""
    snapshot = view.snapshot
    trouble = (view.trouble,) if view.trouble else ()
    if snapshot is None:
        texts = {"health": "No numbers yet", "books": "The ledger could not be read so far."}
        return Shown(tone="stale", texts=_titled(texts), alerts=_alerts(trouble))
    return Shown(
        tone=_tone(view, snapshot),
        texts=_titled(_health(view, snapshot) | _counts(snapshot.books) | _flow(snapshot)),
        alerts=_alerts((*trouble, *snapshot.alerts)),
        rows=tables(snapshot),
        bars={"books": _book_bar(snapshot), "minutes": _minute_bars(snapshot)},
    )


def _titled(texts: Mapping[str, str]) -> dict[str, str]:
    return {"title": f"{texts['health']} · Triage Fleet", **texts}


def _tone(view: View, snapshot: Snapshot) -> Tone:
    if not snapshot.books.balanced:
        return "alarm"
    if view.trouble:
        return "stale"
    return "warn" if snapshot.alerts else "calm"


def _health(view: View, snapshot: Snapshot) -> dict[str, str]:
    books = snapshot.books
    if not books.balanced:
        found = sum(books.states.values())
        note = f"{count(books.ingested)} tickets were ingested, {count(found)} are in some place."
        return {"health": "Not balanced", "books": note}
    every = f"Each of the {count(books.ingested)} tickets ever seen is in exactly one place."
    if view.trouble:
        return {"health": "Out of date", "books": f"When last seen: {every}"}
    alerts = {0: "", 1: ", 1 alert"}.get(len(snapshot.alerts), f", {len(snapshot.alerts)} alerts")
    return {
        "health": f"Balanced{alerts}",
        "books": every if books.ingested else "No ticket so far.",
    }


def _counts(books: Books) -> dict[str, str]:
    states = {str(state): count(size) for state, size in books.states.items()}
    return {**states, "ingested": count(books.ingested)}


def _flow(snapshot: Snapshot) -> dict[str, str]:
    pace = snapshot.pace
    oldest = snapshot.oldest_seconds
    latency = pace.latency or {}
    cost = snapshot.cost_today
    return {
        "routed_per_minute": rate(pace.routed_per_minute),
        "ingested_per_minute": rate(pace.ingested_per_minute),
        "minutes": _minutes(max((minute.routed for minute in pace.minutes), default=0)),
        "oldest": "none" if oldest is None else age(oldest),
        "review_share": share(pace.review_share),
        "sample": _sample(pace.sample),
        **{f"p{p}": span(latency.get(p)) for p in (50, 95, 99)},
        "cost_today": usd(sum(cost.values())),
        **{f"cost_{tier}": usd(cost.get(tier, 0)) for tier in TIERS},
        **footnotes(snapshot),
    }


def _minutes(tallest: int) -> str:
    bars = "Mean of the last five minutes. Bars: routed in each of the last 30 whole minutes"
    return f"{bars}; the tallest is {count(tallest)}."


def _sample(size: int) -> str:
    return (
        f"of the last {count(size)} routed in the past hour" if size else "nothing in the past hour"
    )


def _alerts(alerts: Sequence[Alert]) -> tuple[Row, ...]:
    """Each as its heading in the runbook, what it says, and since when it has held."""
    return tuple(Row(label=alert.kind, note=alert.text, values=_since(alert)) for alert in alerts)


def _since(alert: Alert) -> tuple[str, ...]:
    """By the clock: a span would have the page read out anew every second."""
    if alert.since is None:
        return ()
    return (f"since {datetime.fromtimestamp(alert.since, UTC):%d %b %H:%M} UTC",)


def _book_bar(snapshot: Snapshot) -> tuple[tuple[float, float], ...]:
    """Where each state begins in the bar, and how wide it is."""
    counts = [snapshot.books.states[state] for state in State]
    whole = sum(counts) or 1
    widths = [BAR * size / whole for size in counts]
    return tuple((round(sum(widths[:i]), 2), round(w, 2)) for i, w in enumerate(widths))


def _minute_bars(snapshot: Snapshot) -> tuple[tuple[float, float], ...]:
    """Top and height of each minute; they stand on zero."""
    counts = [minute.routed for minute in snapshot.pace.minutes]
    tallest = max(counts, default=0) or 1
    heights = [BAR * size / tallest for size in counts]
    return tuple((round(BAR - height, 2), round(height, 2)) for height in heights)
