"""Commands whose document is compared with what docs/interface.md promises, as they are said."""

from tests.moneyed import TODAY

SAID = {
    "triage pause --json": "pause write",
    "triage resume --json": "resume economy",
    "triage guard list --json": "guard list",
    "triage guard off --json": "guard off money --for 1h --why why --yes",
    "triage guard on --json": "guard on money --yes",
    "triage alert test --json": "alert test",
    "triage forget --json": "forget --requester basic@example.com",
    "triage backup FILE --json": "backup FILE",
    "triage books --json": "books",
    "triage spend --json": f"spend --day {TODAY}",
    "triage spend set-cap --json": "spend set-cap premium 7.50 --why why",
    "triage intake --json": "intake helpdesk",
    "triage ticket list --json": "ticket list",
    "triage ticket retry ID --yes --json": "ticket retry T-2 --yes",
    "triage ticket golden ID --json": "ticket golden T-3",
    "triage truth --json": "truth",
    "triage truth --watch --json": "truth --watch",
    "triage audit next --json": "audit next",
    "triage audit label ID --json": "audit label T-3 --priority 3",
    "triage dead list --json": "dead list",
    "triage dead list --group --json": "dead list --group",
    "triage dead drop --json": "dead drop --all --why why --yes",
    "triage helpdesk edit ID --json": "helpdesk edit T-1 queue cards --as Ada",
    "triage helpdesk reply ID --json": "helpdesk reply T-1 thanks",
    "triage check --json": "check",
    "triage init --from SOURCE --json": "init --from csv:fixtures/it_helpdesk/topics.csv",
    "triage connect KIND --setup --json": "connect rt --setup",
    "triage source list --json": "source list",
    "triage source set --json": "source set helpdesk --mode suggest",
    "triage simulate-provider --list --json": "simulate-provider --list",
    "triage recall --since SINCE --yes --json": "recall --since 1h --yes",
    "triage breaker list --json": "breaker list",
    "triage breaker trip --json": "breaker trip facts:files --why why --yes",
    "triage breaker reset --json": "breaker reset facts:files --why why",
}
"""Commands whose whole document shows without a worker, as they are said here."""

RESTORED = "triage restore FILE --json"
REFUSED = "triage dead requeue --json"
"""What it refuses shows only where it refuses everything, or is told to go ahead."""
