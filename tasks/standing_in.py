"""Who is asked in whose place, where several models could serve."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from tasks.decide import Away, all_of
from tasks.desk import Desk
from tasks.errors import BreakerOpen, Misconfigured, OutOfTime, ProviderDown

Asked = TypeVar("Asked")
Found = TypeVar("Found")


async def first_that_answers(
    models: Iterable[Asked],
    hold: Callable[[Asked, Sequence[Away]], Awaitable[Found]],
    desk: Desk,
) -> Found:
    """What the first of them says that may be asked; `hold` is told why those before it did not.

    One that is left alone at present is stood in for by the next, and so is one that has failed in
    the run's last attempt of this stage: before that it may answer in a moment. With none left, all
    are waited for. Where one has failed and the stage has no time left to ask the next, that was
    the last attempt. Raises what the one that was asked raises.
    """
    is_last = desk.journal.run.attempts + 1 >= desk.policy.retry.attempts
    away: list[Away] = []
    for model in models:
        try:
            return await hold(model, away)
        except (BreakerOpen, Misconfigured) as error:
            away.append(error)
        except OutOfTime:
            if not any(isinstance(error, ProviderDown) for error in away):
                raise  # it goes on from here in its next slot
            break
        except ProviderDown as error:
            if not is_last:
                raise
            away.append(error)
    raise all_of(away)
