"""The story of a ticket. The order of the stages stands here and nowhere else."""

from typing import Protocol, TypeVar, assert_never

from tasks.case import Classified, Enriched, Received, Validated, Written
from tasks.classify import classify
from tasks.desk import Desk
from tasks.detour import Detour
from tasks.enrich import enrich
from tasks.run import StageName
from tasks.validate import validate
from tasks.write import write

Before = TypeVar("Before", contravariant=True)
After = TypeVar("After", covariant=True)


class Stage(Protocol[Before, After]):
    """A step of the journey: from a case to the next case, or a detour."""

    async def __call__(self, case: Before, desk: Desk, /) -> After | Detour: ...


PIPELINE: tuple[
    Stage[Received, Enriched],
    Stage[Enriched, Classified],
    Stage[Classified, Validated],
    Stage[Validated, Written],
] = (enrich, classify, validate, write)

ENRICH, CLASSIFY, VALIDATE, WRITE = PIPELINE
Ready = Received | Enriched | Classified | Validated


async def step(case: Ready, desk: Desk) -> Ready | Written | Detour:
    """Takes the case through the one stage that it is ready for."""
    match case:
        case Received():
            return await ENRICH(case, desk)
        case Enriched():
            return await CLASSIFY(case, desk)
        case Classified():
            return await VALIDATE(case, desk)
        case Validated():
            return await WRITE(case, desk)
        case _:
            assert_never(case)


def stage_of(case: Ready) -> StageName:
    """The stage that this case is ready for."""
    names: dict[type[Ready], StageName] = {
        Received: "enrich",
        Enriched: "classify",
        Classified: "validate",
        Validated: "write",
    }
    return names[type(case)]
