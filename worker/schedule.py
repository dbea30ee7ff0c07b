"""What beat does: asks every source again and again."""

from config.environment import Environment
from config.errors import ConfigError
from config.load import load

HELPDESK = "helpdesk"


def schedule(environment: Environment) -> dict[str, dict[str, object]]:
    """Celery's beat schedule: one poll per source. Empty while the configuration is broken.

    A poll that nobody took within its interval is stale: the next one does its work.
    """
    try:
        settings = load(environment).settings
    except ConfigError:
        return {}
    named = (environment.source,) if environment.source else ()
    every = settings.intake.poll_seconds
    return {
        f"poll {source}": {
            "task": "upkeep.intake",
            "args": (source,),
            "schedule": every,
            "options": {"queue": "upkeep", "expires": every},
        }
        for source in dict.fromkeys((*settings.sources.inboxes, *named, HELPDESK))
    }
