"""The Celery app: `celery -A worker.app worker -P threads -Q economy,standard,premium,upkeep`."""

from config.environment import Environment
from worker.celery_app import build
from worker.fleet import Fleet


def _hire(environment: Environment, queues: frozenset[str]) -> Fleet:
    """Loads models, so it is imported when a worker starts: beat and Flower never do."""
    from worker.compose import open_shop  # noqa: PLC0415
    from worker.crew import hire  # noqa: PLC0415

    return hire(open_shop(environment), queues)


app = build(Environment.read(), _hire)
