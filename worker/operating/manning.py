"""Whether anybody works here: a fleet says so itself, by heartbeats in the ledger."""

from worker.compose import Shop


def is_manned(shop: Shop) -> bool:
    """Whether a worker had a heartbeat of late. Raises LedgerDown."""
    lapse, now = shop.config.settings.heart.lapse_seconds, shop.clock.now()
    return any(now - worker.beat_at < lapse for worker in shop.ledger.workers())
