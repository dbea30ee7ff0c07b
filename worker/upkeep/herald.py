"""Tells people what needs them: one herald at a time in the fleet, inside any worker."""

from collections.abc import Callable

from config.alerts import Alerts
from worker.alerts.answers import PREFIX, answers_of, new_marks, read_answers
from worker.alerts.channel import Message, State
from worker.alerts.lookout import Lookout
from worker.alerts.post import Post
from worker.alerts.telling import Step, steps
from worker.ledgers.engine import reading
from worker.upkeep.caller import Caller
from worker.upkeep.incarnation import Heart
from worker.upkeep.role import Role

ROLE = "alerts"
REST = 20
"""A look that took long is followed by a rest so many times as long: 5 % of a large ledger."""


class Herald:
    """Looks, keeps what is to be told, and tells it; what it could not tell is told later."""

    name = ROLE

    def __init__(
        self,
        heart: Heart,
        lookout: Lookout,
        post: Post,
        caller: Caller,
        *,
        broker_answers: Callable[[], bool],
        rules: Alerts,
    ) -> None:
        self._caller = caller
        self._ledger = heart.ledger
        self._clock = heart.clock
        self._log = heart.log
        self._role = Role(ROLE, heart)
        self._lookout = lookout
        self._post = post
        self._broker_answers = broker_answers
        self._rules = rules
        self._rest_until = 0.0

    def sweep(self) -> None:
        """One round. Raises LedgerDown; the next round starts afresh."""
        if not self._role.is_held():
            return
        began = self._clock.monotonic()
        if began >= self._rest_until:
            self._look()
            took = self._clock.monotonic() - began
            self._rest_until = began + took * REST
        self._caller.call(self._clock.now())
        self._post.deliver(self._role.is_held)

    def _look(self) -> None:
        now = self._clock.now()
        self._switch_on(now)
        self._learn_names(now)
        picture = self._lookout.look(now, broker_answers=self._broker_answers())
        holding = self._lookout.raised(picture)
        for step in steps(self._ledger.alerts(), holding, now, self._rules, picture.unseen):
            self._take(step, now)

    def _take(self, step: Step, now: float) -> None:
        message = step.says and self._message(step, step.says, now)
        bodies = self._post.addressed(message) if message else {}
        self._ledger.keep_alert(step.before, step.after, bodies, now)

    def _message(self, step: Step, state: State, now: float) -> Message:
        runbook = self._rules.runbook
        return Message(id="", state=state, alert=step.alert, at=now, runbook=runbook)

    def _switch_on(self, now: float) -> None:
        if self._ledger.has_expired(now):
            for guard in self._ledger.switch_on_expired(now):
                self._log.info("guard.on_again", guard=guard.name, by=guard.by)

    def _learn_names(self, now: float) -> None:
        with reading(self._ledger.engine) as connection:
            seen = read_answers(connection)
        if marks := new_marks(answers_of(self._ledger.marked(PREFIX)), seen):
            self._ledger.mark(marks, now)
