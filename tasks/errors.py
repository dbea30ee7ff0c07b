"""What is broken, sorted by what to do about it.

TriageError
├── Transient            wait and try again, within the retry budget
│   ├── ProviderDown         timeout, refused connection, 5xx, overloaded
│   ├── HelpdeskDown         the helpdesk did not answer: waited for as long as it takes
│   │   └── NotAllowed           it refuses this alone (403), and not the key
│   ├── ValuesNotTaken       the helpdesk said yes, and holds something else
│   ├── FactsDown            a source of customer facts did not answer
│   └── SourceDown           a source of tickets cannot be read
├── LedgerDown           wait for the ledger; no attempt is spent, nothing is decided without it
├── RateLimited          wait as told; no attempt is spent
├── Held                 our own guard sent nothing; no attempt is spent
│   ├── BreakerOpen          it fails too often: another model, else wait until it is probed
│   ├── RetriesSpent         the fleet has retried as often as it may
│   └── OutOfTime            its stage has held its slot for long enough
├── Misconfigured        a person must mend it; runs are parked, none is buried
│   ├── CredentialRefused    401, 402, 403
│   ├── UnknownModel         the provider does not have this model
│   └── QuotaGone            the account has no money left
├── Rejected             the request itself is wrong; never sent again
│   └── ContextTooLong       too many tokens for this model
└── OperatorError        somebody asked for what cannot be done; the message says what can

Every other exception is a bug: two attempts, then a dead letter with its traceback.
What is expected (a refusal, an off-list value, an unsure model) is never raised: it is returned.
"""


class TriageError(Exception):
    """Root of everything that Triage Fleet raises on purpose."""

    unbilled = False
    """Of a call of a model: it is known to have cost nothing. False where nobody knows."""

    overslept = False
    """Its time was up while this process stood still, which says nothing of the other side."""

    falters = False
    """Its upstream fails others noticeably often as well: it need not be this ticket's doing."""


class Transient(TriageError):
    """Likely to work when it is tried again a little later."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds, as the other side asked; None where it did not


class ProviderDown(Transient):
    """The model's provider timed out, refused the connection, answered 5xx or is overloaded."""


class HelpdeskDown(Transient):
    """The helpdesk did not answer, or answered that it cannot."""


class NotAllowed(HelpdeskDown):
    """The helpdesk refuses the fleet's user this ticket, or to do this (403); its key works."""


class ValuesNotTaken(Transient):
    """The helpdesk accepted a request, and its fields hold what they held before."""


class FactsDown(Transient):
    """A source of customer facts did not answer, or answered with something unusable."""


class SourceDown(Transient):
    """A source of tickets did not answer or cannot be read; the message says what to do."""


class LedgerDown(TriageError):
    """The ledger does not answer; what it was asked to commit may or may not have happened."""


class RateLimited(TriageError):
    """The other side asked us to slow down (429)."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds, as the other side asked; None where it did not


class Held(TriageError):
    """A guard of the fleet's own held the request back; nothing was sent."""

    unbilled = True

    def __init__(self, message: str, *, dependency: str, retry_after: float) -> None:
        super().__init__(message)
        self.dependency = dependency  # the guard's name: "openai", "helpdesk:rt", "facts:crm"
        self.retry_after = retry_after  # seconds until it is worth asking again


class BreakerOpen(Held):
    """The dependency fails too often; nobody asks it but a probe now and then."""


class RetriesSpent(Held):
    """The fleet has retried as often in the last minute as its successes allow."""


class OutOfTime(Held):
    """The stage has asked for as long as it may hold a slot; it goes on in its next one."""


class Misconfigured(TriageError):
    """Nothing works with this credential or model until a person mends it."""

    def __init__(self, message: str, *, credential: str, guard: str | None = None) -> None:
        super().__init__(message)
        self.credential = credential  # the NAME of the variable that holds it, never its value
        self.guard = guard or f"credential:{credential}"  # closed until it works again


class CredentialRefused(Misconfigured):
    """The provider refused the key (401, 402 or 403)."""


class UnknownModel(Misconfigured):
    """The provider does not have the model that config names."""


class QuotaGone(Misconfigured):
    """The account behind the key has no quota left; this 429 does not pass by waiting a minute."""


class Rejected(TriageError):
    """The provider will never accept this request as it is (another 4xx)."""


class ContextTooLong(Rejected):
    """The request has more tokens than the model takes."""


class OperatorError(TriageError):
    """What was asked for cannot be done; the message says what can."""
