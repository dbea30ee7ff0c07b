"""Without its guard there is no cap; what is spent is counted all the same."""

from tasks.ports.ledger import Reserved
from tests.ledgers import a_running
from tests.moneyed import a_wish, cap, stands
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger
from worker.ledgers.switching import GuardOff


def _off(ledger: SqlLedger, name: str, until: float) -> None:
    ledger.switch_off(GuardOff(name=name, until=until, since=NOON, by="Ada", why="a test"))


def test_while_money_is_off_every_call_fits_and_is_counted(ledger: SqlLedger) -> None:
    cap(ledger, "economy", 100)
    cap(ledger, "fleet", 100)
    _off(ledger, "money", NOON + 3_600)
    assert list(ledger.reserve([a_wish(a_running(ledger), 700)])) == [Reserved.DONE]
    assert stands(ledger) == (700, 0)


def test_its_time_over_it_guards_again(ledger: SqlLedger) -> None:
    """Whatever any process has heard of that."""
    cap(ledger, "economy", 100)
    _off(ledger, "money", NOON - 1)
    _off(ledger, "breaker", NOON + 3_600)
    assert list(ledger.reserve([a_wish(a_running(ledger), 700)])) == [Reserved.SHORT]
