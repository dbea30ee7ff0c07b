"""What a call may cost at most, what it has cost, and what a run may use up."""

from config.guards import MICRO, Budget
from config.tiers import Price
from tasks.desk import SoFar
from tasks.errors import TriageError
from tasks.ports.model import Question, Reply


def bound(asked: Question, price: Price) -> int:
    """The most that it may cost."""
    said = sum(len(message.content.encode()) for message in asked.messages)
    return price.micro_usd(
        input_tokens=said + 2_000, cached_tokens=0, output_tokens=asked.max_output_tokens
    )


def cost_of(reply: Reply, price: Price, most: int) -> int:
    """What it has cost."""
    usage = reply.usage
    if not usage.reported:
        return most
    return price.micro_usd(
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
    )


def charged(error: TriageError, most: int) -> int:  # noqa: ARG001
    """What a call that failed has cost."""
    return most


def used_up(run: SoFar, most: int, budget: Budget) -> str | None:
    """What this run has used up; None where it may go on."""
    if run.calls >= budget.calls:
        return f"it has asked models {run.calls} times"
    if run.tokens >= budget.tokens:
        return f"it has used {run.tokens:,} tokens"
    if run.micro_usd + most > budget.usd * MICRO * (1 + run.requeues):
        return (
            f"a model that may cost {most / MICRO:.2f} would pass its {budget.usd:.2f} US dollars"
        )
    return None
