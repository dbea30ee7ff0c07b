"""How Celery is set up: it carries hints and nothing else, and each setting says why it is so."""

from collections.abc import Sequence

from worker.broker.names import CONSUMED, UPKEEP

VISIBILITY_SECONDS = 300


def settings(
    broker_url: str,
    *,
    queues: Sequence[str] = CONSUMED,
    visibility_seconds: int = VISIBILITY_SECONDS,
) -> dict[str, object]:
    """Celery's configuration for workers, beat and Flower on this broker.

    After `visibility_seconds` kombu puts a message back that nobody acknowledged. Recovery does not
    wait for that: the ledger knows earlier.
    """
    return {
        "broker_url": broker_url,
        "broker_transport_options": _transport(visibility_seconds),
        # A worker waits for its broker as long as it takes; by default it gives up after 100 tries.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # An answer such as READONLY (a replica takes over) is a reason to connect anew, not to end.
        "broker_channel_error_retry": True,
        **_messages(),
        **_queues(queues),
        **_worker(),
    }


def _transport(visibility_seconds: int) -> dict[str, object]:
    return {
        "visibility_timeout": visibility_seconds,
        # Looked at every 10 s. By default only every tenth look is one, which made it 100 s.
        "unacked_restore_interval": min(10, visibility_seconds),
        "unacked_restore_throttle": 1,
        # After each message its queue goes to the end of BRPOP's list, so that a flood in one
        # queue cannot keep the others waiting.
        "queue_order_strategy": "round_robin",
        # One list a queue instead of four: tiers are queues, and prefetching defeats priorities.
        "priority_steps": [0],
        # A broker that is gone without a word must be noticed. More than BRPOP's own second.
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def _messages() -> dict[str, object]:
    return {
        # JSON only: whoever may write to the broker must not thereby run code here.
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "task_protocol": 2,
        # The ledger has the outcome; a result backend would halve the rate of tasks.
        "result_backend": None,
        "task_ignore_result": True,
        "timezone": "UTC",
        "enable_utc": True,
    }


def _queues(queues: Sequence[str]) -> dict[str, object]:
    return {
        "task_queues": {name: {"exchange": name, "routing_key": name} for name in queues},
        # Whatever has no queue of its own is upkeep, not a queue "celery" that nobody consumes.
        "task_default_queue": UPKEEP,
        # `-Q premuim` is refused instead of waiting for ever on a queue of that name.
        "task_create_missing_queues": False,
    }


def _worker() -> dict[str, object]:
    return {
        # Tickets wait on the network, and their stages run in one event loop.
        "worker_pool": "threads",
        # A broker that goes away must not end it: who is supervised by honcho ends with all others.
        "worker_consumer": "worker.consumer:LastingConsumer",
        # Acknowledged when done: what a killed worker had counts as unacknowledged, and comes back.
        "task_acks_late": True,
        # Takes no more messages than it has threads, so that the other workers get the rest.
        "worker_prefetch_multiplier": 1,
        # Off, because threads cannot be cancelled: it would only log that. What such a task does
        # twice the ledger refuses.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # Off: on threads it hands a task back that then completes all the same. The drain is ours.
        "worker_soft_shutdown_timeout": 0.0,
        "worker_enable_soft_shutdown_on_idle": False,
        # Off until somebody listens: Flower turns task events on in every worker by itself, and
        # without it they would cost three messages a task.
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        # `celery inspect`, and Flower.
        "worker_enable_remote_control": True,
        # Our log is set up by ourselves, and what others print is no log event.
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_log_color": False,
    }
