"""A run's status is the fold of its events, at every moment of any journey that can happen."""

from typing import get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from config.tiers import TIERS, TierName
from tasks.causes import Cause, DropCause, ReviewReason, WaitReason
from tasks.events import Body, Event, Kind
from tasks.journey import advance, fold
from tasks.run import Outcome, Run, RunId, StageName, State

tiers = st.sampled_from(TIERS)
FINAL = (State.WRITTEN, State.DROPPED)


class Journey(RuleBasedStateMachine):
    """One run, from being ingested to wherever it goes; each rule is something that can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Event] = []
        self.run: Run
        self._happen(
            Kind.INGESTED,
            {
                "ticket": "K-1",
                "source": "file:inbox",
                "external_id": "T-1",
                "requester": "hash",
                "revision": 1,
                "tier": "economy",
                "digest": "d",
            },
        )

    def _happen(self, kind: Kind, body: Body | None = None) -> None:
        seq = len(self.history) + 1
        event = Event(run=RunId("R-1"), seq=seq, at=float(seq), kind=kind, body=body or {})
        self.run = advance(self.run if self.history else None, event)
        self.history.append(event)

    def _is(self, *states: State) -> bool:
        return self.run.state in states

    def _send(self) -> None:
        self._happen(Kind.SENT, {"send_n": self.run.send_n + 1})

    @precondition(lambda self: self._is(State.QUEUED))
    @rule()
    def claimed(self) -> None:
        self._happen(Kind.CLAIMED, {"owner": "W-1", "fence": self.run.fence + 1})

    @precondition(lambda self: self._is(State.RUNNING) and self.run.stage == "enrich")
    @rule(tier=tiers)
    def enriched(self, tier: TierName) -> None:
        self._happen(Kind.ENRICHED, {"tier": tier, "customer_tier": "basic"})

    @precondition(lambda self: self._is(State.RUNNING) and self.run.stage == "classify")
    @rule(cost=st.integers(0, 10_000), shapely=st.booleans())
    def answered(self, *, cost: int, shapely: bool) -> None:
        self._happen(Kind.ANSWERED, {"micro_usd": cost, "model": "m", "prompt": "p"})
        if shapely:
            self._happen(Kind.CLASSIFIED, {"issue_type": "cash"})

    @precondition(lambda self: self._is(State.RUNNING) and self.run.stage == "validate")
    @rule(tier=tiers, means=st.booleans())
    def validated(self, *, tier: TierName, means: bool) -> None:
        if means:
            body = {"issue_type": "cash", "priority": 3, "queue": "payments"}
            self._happen(Kind.VALIDATED, body)
        else:
            self._happen(Kind.PROMOTED, {"from": self.run.tier, "to": tier, "why": "x"})

    @precondition(lambda self: self._is(State.RUNNING) and self.run.stage == "write")
    @rule(outcome=st.sampled_from(Outcome))
    def written(self, outcome: Outcome) -> None:
        self._happen(Kind.INTENDED, {"keys": []})
        self._happen(Kind.WRITTEN, {"outcome": outcome})

    @precondition(lambda self: self._is(State.RUNNING))
    @rule(reason=st.sampled_from(WaitReason), spends=st.booleans())
    def waits(self, *, reason: WaitReason, spends: bool) -> None:
        if spends:
            self._happen(Kind.FAILED, {"stage": self.run.stage, "why": "away"})
        self._happen(Kind.WAITING, {"until": 9e9, "reason": reason, "why": "away"})

    @precondition(lambda self: self._is(State.RUNNING))
    @rule(reason=st.sampled_from(ReviewReason), until=st.none() | st.just(9e9))
    def in_review(self, reason: ReviewReason, until: float | None) -> None:
        self._happen(Kind.IN_REVIEW, {"reason": reason, "why": "x", "until": until})

    @precondition(lambda self: self._is(State.IN_REVIEW))
    @rule()
    def reviewed(self) -> None:
        values = {"issue_type": "cash", "priority": 3, "queue": "payments"}
        self._happen(Kind.REVIEWED, {"decision": "correct", "by": "ada", **values})
        assert self.run.stage == "write"
        self._send()

    @precondition(lambda self: self._is(State.RUNNING))
    @rule(cause=st.sampled_from(Cause))
    def buried(self, cause: Cause) -> None:
        self._happen(Kind.BURIED, {"stage": self.run.stage, "cause": cause, "why": "x"})

    @precondition(lambda self: self._is(State.RUNNING))
    @rule(kind=st.sampled_from([Kind.RELEASED, Kind.LAPSED]))
    def let_go(self, kind: Kind) -> None:
        self._happen(kind)
        self._send()

    @precondition(lambda self: self._is(State.WAITING, State.QUEUED))
    @rule()
    def sent(self) -> None:
        self._send()

    @precondition(lambda self: self._is(State.DEAD, State.IN_REVIEW))
    @rule(stage=st.sampled_from(["enrich", "classify", "write"]), tier=tiers)
    def requeued(self, stage: StageName, tier: TierName) -> None:
        self._happen(Kind.REQUEUED, {"stage": stage, "tier": tier})
        self._send()

    @precondition(lambda self: not self._is(*FINAL))
    @rule(cause=st.sampled_from(DropCause))
    def dropped(self, cause: DropCause) -> None:
        self._happen(Kind.DROPPED, {"cause": cause, "why": "x"})

    @rule()
    def nothing_happens(self) -> None:
        """Most of a run's life; at its end all of it."""

    @invariant()
    def the_status_is_the_fold(self) -> None:
        """Event by event or all at once: the same row."""
        assert fold(self.history) == self.run

    @invariant()
    def the_status_stands_at_the_last_event(self) -> None:
        """Numbers are dense, and the row knows the last one."""
        assert [event.seq for event in self.history] == list(range(1, self.run.seq + 1))
        assert self.run.changed_at == self.history[-1].at

    @invariant()
    def only_a_running_run_has_an_owner(self) -> None:
        """And only one that waits, for a time or for a person, a time at which that is over."""
        assert (self.run.owner is not None) is self._is(State.RUNNING)
        assert self.run.due_at is not None or not self._is(State.WAITING)
        assert self.run.due_at is None or self._is(State.WAITING, State.IN_REVIEW)

    @invariant()
    def whoever_stands_still_says_why(self) -> None:
        """Waiting, in review, dead or dropped has a reason in a word and in words."""
        still = self._is(State.WAITING, State.IN_REVIEW, State.DEAD, State.DROPPED)
        assert (self.run.reason is not None) is (self.run.why is not None) is still

    @invariant()
    def money_is_the_sum_of_the_answers(self) -> None:
        """Nothing is paid twice and nothing is forgotten."""
        costs = [event.body["micro_usd"] for event in self.history if event.kind is Kind.ANSWERED]
        assert self.run.micro_usd == sum(cost for cost in costs if isinstance(cost, int))

    @invariant()
    def a_stage_is_one_that_there_is(self) -> None:
        """Work can always start where the row says."""
        assert self.run.stage in get_args(StageName)


TestJourney = Journey.TestCase
