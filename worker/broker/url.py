"""The broker's address: as Celery writes it, and as redis-py does."""

from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from worker.refusals import RefusedToStart

SOCKET = "redis+socket"
SCHEMES = ("redis", "rediss", SOCKET)

RENAMED = {"virtual_host": "db"}
CERTIFICATES = {  # kombu takes both spellings, redis-py the short one
    "CERT_REQUIRED": "required",
    "CERT_OPTIONAL": "optional",
    "CERT_NONE": "none",
}


def socket_url(path: Path) -> str:
    """Celery's URL for a Redis on this unix socket."""
    return f"{SOCKET}://{quote(str(path))}?virtual_host=0"


def client_url(broker_url: str) -> str:
    """redis-py's URL for the Redis of Celery's. Raises RefusedToStart for another kind."""
    parts = urlsplit(broker_url)
    if not _has_port(parts):
        raise RefusedToStart(
            "The broker URL has a port that is none.", remedy="Mend TRIAGE_BROKER_URL."
        )
    if parts.scheme not in SCHEMES:
        raise RefusedToStart(
            f"The broker URL begins with {parts.scheme or 'no scheme'!r}, which is not served.",
            remedy=f"Set TRIAGE_BROKER_URL to a URL that begins with {', '.join(SCHEMES)}.",
        )
    query = {
        RENAMED.get(name, name): CERTIFICATES.get(value, value)
        for name, value in parse_qsl(parts.query)
    }
    scheme = "unix" if parts.scheme == SOCKET else parts.scheme
    # Not `urlunsplit`, which leaves out the slashes before an empty host.
    return f"{scheme}://{parts.netloc}{parts.path}{'?' if query else ''}{urlencode(query)}"


def _has_port(parts: SplitResult) -> bool:
    """Whether its port is a number, or left out."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def shown(broker_url: str) -> str:
    """The URL for people: without passwords."""
    parts = urlsplit(broker_url)
    _, at, place = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{'***@' if at else ''}{place}{parts.path}"
