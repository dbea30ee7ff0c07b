"""Alerts as JSON documents that are posted to an address."""

import asyncio
from collections.abc import Mapping

from config.alerts import AlertKind
from worker.alerts.channel import Message, Undelivered


class WebhookChannel:
    """Implements Channel: one POST each, taken where the answer is a 2xx. Follows no redirect.

    `secret`: the header that shows who we are, with its value; empty where there is none.
    """

    def __init__(
        self,
        url: str,
        secret: Mapping[str, str],
        *,
        timeout_seconds: float,
        kinds: tuple[AlertKind, ...] = (),
        name: str = "webhook",
    ) -> None:
        self.name = name
        self._url = url
        self._secret = dict(secret)
        self._timeout = timeout_seconds
        self.kinds = kinds

    def tell(self, message: Message) -> None:
        """Raises Undelivered."""
        asyncio.run(self._post(message))

    async def _post(self, message: Message) -> None:
        import aiohttp  # noqa: PLC0415 - most fleets have no webhook, and it costs 20 MB

        whole = aiohttp.ClientTimeout(total=self._timeout)  # an answer that drips ends with it
        try:
            async with (
                aiohttp.ClientSession(timeout=whole, trust_env=True) as session,
                session.post(
                    self._url,
                    json=message.document(),
                    headers=self._secret,
                    allow_redirects=False,
                ) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Its own text may quote the address, and that is a secret with many receivers.
            raise Undelivered(f"no answer ({type(error).__name__})") from None
        if status not in range(200, 300):
            raise Undelivered(f"it answered {status}")
