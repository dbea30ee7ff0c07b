"""Why a run ended elsewhere than written: one name each, for shell, pages and runbook alike."""

from enum import StrEnum


class Cause(StrEnum):
    """Cause of a dead letter. docs/runbook.md has a heading for each."""

    # intake: the message itself cannot be read
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_ID = "missing_id"
    MISSING_REQUESTER = "missing_requester"
    WRONG_FIELD = "wrong_field"
    EMPTY_TEXT = "empty_text"
    TEXT_TOO_LONG = "text_too_long"
    NUL_CHARACTER = "nul_character"
    LONE_SURROGATE = "lone_surrogate"
    IMPOSSIBLE_DATE = "impossible_date"
    ID_TAKEN = "id_taken"
    UNREADABLE = "unreadable"
    # the journey
    OFF_LIST = "off_list"
    UNPROVEN_ESCALATION = "unproven_escalation"
    PRIORITY_OUTSIDE_POLICY = "priority_outside_policy"
    PROVIDER_DOWN = "provider_down"
    HELPDESK_REFUSED = "helpdesk_refused"
    FACTS_DOWN = "facts_down"
    REJECTED = "rejected"
    CONTEXT_TOO_LONG = "context_too_long"
    POISON = "poison"
    BUG = "bug"


class ReviewReason(StrEnum):
    """Why a person decides."""

    UNSURE = "unsure"
    OUT_OF_SCOPE = "out_of_scope"
    REFUSED = "refused"
    UNFINISHED = "unfinished"
    DISPUTED = "disputed"
    INSTRUCTED = "instructed"
    LANGUAGE = "language"


class DropCause(StrEnum):
    """Why a run needs nothing any more."""

    SUPERSEDED = "superseded"
    GONE = "gone"
    OPERATOR = "operator"


class WaitReason(StrEnum):
    """What a run waits for."""

    RETRY = "retry"
    RATE = "rate"
    BREAKER = "breaker"
    MONEY = "money"
    PARKED = "parked"
    PAUSED = "paused"
    SETTLE = "settle"
    LOOP = "loop"
    CAPPED = "capped"
