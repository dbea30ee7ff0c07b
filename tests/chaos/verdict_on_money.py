"""I6: no call without money for it, none cheaper than it was, and no more than the caps allow."""

from collections import Counter

from config.tiers import Tiers
from tasks.accounts import day_of
from tests.chaos.calls import Call, Request
from tests.chaos.evidence import Found, Records
from worker.ledgers.accounting import Account

BOUNDLESS = "huge"
"""Says more than it was allowed to, as no provider does that bills for it."""


def paid(records: Records) -> Found:
    """I6, by the providers' bill and by the ledger's own events."""
    for request in records.unknown:
        yield f"{request.ticket}: {request.provider} was asked ({request.n}) and no money set aside"
    yield from _charged(records)
    yield from _booked(records)
    if records.tiers:
        yield from _billed(records, records.tiers)


def _charged(records: Records) -> Found:
    """Each run has cost what its calls have; a call of which nobody knows, all of its bound."""
    costs = Counter[str]()
    for call in records.calls:
        costs[call.ask.run] += call.ask.charged
        if call.ask.charged > call.ask.reserved:
            yield f"{call.ask.run} was charged more than was set aside"
    for run in records.runs:
        if run.micro_usd != costs[run.id]:
            yield f"{run.external_id} has cost {run.micro_usd}, and its calls {costs[run.id]}"


def _booked(records: Records) -> Found:
    """At rest nothing is set aside any more, and each day and tier has cost what its calls have."""
    costs = Counter[str]()
    for call in records.calls:
        costs[call.ask.account] += call.ask.charged
    for name, total in records.accounts.items():
        if total.reserved:
            yield f"{name}: {total.reserved} is set aside, and for nobody"
        if total.spent != costs[name]:
            yield f"{name}: {total.spent} is booked, and its calls have cost {costs[name]}"


def _billed(records: Records, tiers: Tiers) -> Found:
    """No call costs more by the provider's bill than the fleet has charged; nor does a day."""
    for call in records.calls:
        if (bill := _bill(call, tiers)) > call.ask.charged:
            told = f"{call.ask.charged} for a call that {call.ask.provider} has billed at {bill}"
            yield f"{call.ask.run} was charged {told}"
    for lean in records.weather.leans:
        before = [call for call in records.calls if _came(call, lean.until)]
        today = [call for call in before if call.ask.account.startswith(day_of(lean.at))]
        if (spent := sum(_bill(call, tiers) for call in today)) > lean.cap:
            yield f"{spent} was spent of {lean.cap} by {lean.until:.1f}"


def is_overspent(before: Account | None, now: Account) -> bool:
    """Whether more is spent and set aside than the cap allows.

    Above a cap that was lowered it only gets less; `before` is how the account stood last.
    """
    used = now.spent + now.reserved
    if before is None or before.cap != now.cap:
        return before is None and used > now.cap
    return used > max(now.cap, before.spent + before.reserved)


def _came(call: Call, until: float) -> bool:
    return call.request is not None and call.request.at < until


def _bill(call: Call, tiers: Tiers) -> int:
    request = call.request
    if request is None or request.fault == BOUNDLESS:
        return 0
    return price_of(request, call.ask.model, tiers)


def price_of(request: Request, model: str, tiers: Tiers) -> int:
    """Millionths of a dollar, by what the provider says that it has billed."""
    return tiers.model(model).price.micro_usd(
        input_tokens=request.input_tokens,
        cached_tokens=request.cached_tokens,
        output_tokens=request.output_tokens,
    )
