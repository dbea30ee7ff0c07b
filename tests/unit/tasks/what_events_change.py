"""What each kind of event changes in a status row: the journey as a table."""

from tasks.events import Body, Kind
from tasks.run import Incarnation, Outcome, State

BACK = {"state": "dropped", "stage": "write", "reason": "gone", "why": "it was closed"}
WAITED = {
    "state": "waiting",
    "stage": "classify",
    "reason": "retry",
    "why": "503",
    "due_at": 7.0,
    "attempts": 2,
}
CLEARED = {"attempts": 0, "suspect": False, "alone": False, "deaths": 0}
GONE = {"owner": None, "due_at": None}

TABLE: dict[Kind, tuple[Body, dict[str, object]]] = {
    Kind.SENT: (
        {"send_n": 7},
        {
            "state": State.QUEUED,
            "send_n": 7,
            "sent_at": 100.0,
            "owner": None,
            "reason": None,
            "why": None,
        },
    ),
    Kind.CLAIMED: (
        {"owner": "W-2", "fence": 9},
        {"state": State.RUNNING, "owner": "W-2", "fence": 9},
    ),
    Kind.ENRICHED: (
        {"tier": "premium", "customer_tier": "business"},
        {"stage": "classify", "tier": "premium", "customer_tier": "business", **CLEARED},
    ),
    Kind.ANSWERED: (
        {"micro_usd": 150, "model": "openai/x", "prompt": "classify-1"},
        {"micro_usd": 650, "model": "openai/x", "prompt": "classify-1"},
    ),
    Kind.ASKING: (
        {"reserved": 900, "account": "2026-11-28/economy"},
        {"calls": 1, "reserved": 900, "reserved_for": "2026-11-28/economy"},
    ),
    Kind.UNANSWERED: ({"micro_usd": 40}, {"micro_usd": 540}),
    Kind.CLASSIFIED: (
        {"issue_type": "cash"},
        {"stage": "validate", "issue_type": "cash", **CLEARED},
    ),
    Kind.VALIDATED: (
        {"issue_type": "cash", "priority": 2, "queue": "payments"},
        {"stage": "write", "issue_type": "cash", "priority": 2, "queue": "payments", **CLEARED},
    ),
    Kind.INTENDED: ({"keys": []}, {}),
    Kind.WRITTEN: (
        {"outcome": "partly"},
        GONE
        | {
            "state": State.WRITTEN,
            "outcome": Outcome.PARTLY,
            "routed_at": 100.0,
            **CLEARED,
            "reason": None,
            "why": None,
        },
    ),
    Kind.FAILED: ({"stage": "enrich", "why": "away"}, {"attempts": 3}),
    Kind.WAITING: (
        {"until": 160.0, "reason": "rate", "why": "slow down"},
        {
            "state": State.WAITING,
            "owner": None,
            "due_at": 160.0,
            "reason": "rate",
            "why": "slow down",
        },
    ),
    Kind.PROMOTED: (
        {"from": "economy", "to": "standard", "why": "unsure"},
        {"stage": "classify", "tier": "standard", "attempts": 0},
    ),
    Kind.DEGRADED: (
        {"from": "standard", "to": "economy", "why": "no money"},
        {"stage": "classify", "tier": "economy", "attempts": 0},
    ),
    Kind.RELEASED: ({}, {}),
    Kind.LAPSED: ({}, {"suspect": True}),
    Kind.SUSPECTED: ({}, {"suspect": True, "alone": True}),
    Kind.DIED: ({}, {"suspect": True, "alone": True, "deaths": 2}),
    Kind.TWINS: ({}, {}),
    Kind.IN_REVIEW: (
        {"reason": "unsure", "why": "confidence 0.4", "until": 700.0},
        GONE
        | {
            "state": State.IN_REVIEW,
            "reason": "unsure",
            "why": "confidence 0.4",
            "due_at": 700.0,
            "routed_at": 100.0,
        },
    ),
    Kind.BURIED: (
        {"stage": "validate", "cause": "off_list", "why": "not in the taxonomy"},
        GONE
        | {
            "state": State.DEAD,
            "stage": "validate",
            "reason": "off_list",
            "why": "not in the taxonomy",
        },
    ),
    Kind.REQUEUED: (
        {"stage": "classify", "tier": "premium"},
        {
            "stage": "classify",
            "tier": "premium",
            "attempts": 0,
            "deaths": 0,
            "requeues": 2,
            "reason": None,
            "why": None,
        },
    ),
    Kind.RECALLING: (
        {"batch": "B1", "back": BACK},
        {"stage": "recall", "attempts": 0},
    ),
    Kind.RECALLED: (
        {"batch": "B1", "back": BACK, "outcome": "recalled"},
        {
            "state": State.DROPPED,
            "stage": "write",
            "reason": "gone",
            "why": "it was closed",
            "outcome": Outcome.RECALLED,
            **GONE,
            **CLEARED,
        },
    ),
    Kind.GIVEN_BACK: ({"keys": []}, {}),
    Kind.OVERWRITTEN: ({"keys": []}, {}),
    Kind.JUDGED: ({"agrees": True, "why": "it fits"}, {}),
    Kind.REVIEWED: (
        {"decision": "accept", "by": "ada", "issue_type": "cash", "priority": 2, "queue": "vip"},
        {"stage": "write", "issue_type": "cash", "priority": 2, "queue": "vip", **CLEARED},
    ),
    Kind.CORRECTED: ({"field": "queue", "said": "cards", "truth": "fraud"}, {}),
    Kind.HANDING_OVER: (
        {"why": "x", "back": WAITED},
        {"stage": "hand_over", "attempts": 0},
    ),
    Kind.HANDED_OVER: (
        {"results": {}, "back": WAITED},
        {
            "state": State.WAITING,
            "owner": None,
            "stage": "classify",
            "reason": "retry",
            "why": "503",
            "due_at": 7.0,
            "attempts": 2,
            "handed_at": 100.0,
        },
    ),
    Kind.DROPPED: (
        {"cause": "gone", "why": "T-1 is closed", "by": "triage-fleet"},
        GONE | {"state": State.DROPPED, "reason": "gone", "why": "T-1 is closed"},
    ),
}
"""Kind, its body, and every column that it sets."""

BUSY = {
    "attempts": 2,
    "suspect": True,
    "alone": True,
    "deaths": 1,
    "requeues": 1,
    "micro_usd": 500,
    "reason": "retry",
    "why": "away",
    "due_at": None,
    "owner": Incarnation("W-1"),
}
"""What a run may carry; each kind has to clear what is over and to leave the rest."""
