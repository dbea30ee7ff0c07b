"""Who is tried before the first ticket, and how far."""

from collections.abc import Callable

import pytest

from tasks.errors import Held
from tasks.ports.model import Question, Reply, nobody_minds
from worker.models.warming import OURS, warm


class Library:
    """Has something against each question; notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        self.asked.append(question.model)
        with pytest.raises(Held):
            look()
        raise RuntimeError(question.model)

    async def aclose(self) -> None:
        self.closed = True


def test_each_provider_is_tried_once_whatever_is_wrong_with_it() -> None:
    library = Library()
    warm(library, ["openai/a", "openai/b", "anthropic/a", "azure/a"])
    assert library.asked == ["openai/b", "anthropic/a", "azure/a"]
    assert library.closed


def test_a_provider_that_may_go_its_own_way_is_not_asked() -> None:
    """Its request might be sent in earnest, at each start of a worker."""
    library = Library()
    warm(library, ["bedrock/a", "nobody/nothing", "a"])
    assert "bedrock" not in OURS
    assert library.asked == []
