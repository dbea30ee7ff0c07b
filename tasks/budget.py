"""What one run may use up before a person looks at it."""

from config.guards import MICRO, Budget
from tasks.desk import SoFar


def what_is_used_up(run: SoFar, bound: int, budget: Budget) -> str | None:
    """Why one more call that may cost `bound` (millionths) is one too many; None where it is not.

    In words for people. Calls and tokens are counted afresh after a requeue, and each requeue gives
    the money once more. What is still reserved for a call of which nobody heard counts as spent.
    """
    if run.calls >= budget.calls:
        return f"all of its {budget.calls} calls of models are used up"
    if run.tokens >= budget.tokens:
        return f"all of its {budget.tokens:,} tokens are used up: it has had {run.tokens:,}"
    allowed = int(budget.usd * MICRO) * (1 + run.requeues)
    spent = run.micro_usd + run.reserved
    if bound and spent + bound > allowed:
        return (
            f"its money is used up: {_dollars(spent)} of {_dollars(allowed)} are spent, "
            f"and one more call may cost {_dollars(bound)}"
        )
    return None


def _dollars(micro_usd: int) -> str:
    return f"${micro_usd / MICRO:.4f}"
