"""The way to a provider: by which proxy, and whether somebody listens at its end."""

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # undocumented

PATIENCE_SECONDS = 3.0
"""For a connection that is only opened and closed again."""

PORTS = {"http": 80, "https": 443}


def proxy_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy to that URL; `proxies` names one for each scheme, and under `no` who needs none."""
    parts = urlsplit(url)
    proxy = proxies.get(parts.scheme)
    if not proxy or proxy_bypass_environment(parts.netloc, dict(proxies)):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def barred(url: str, proxies: Mapping[str, str]) -> str | None:
    """Why no connection to it is to be had, without its path; None: there is one, or a proxy knows.

    Nothing is asked, so it costs nothing.
    """
    if proxy_for(url, proxies):
        return None
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    try:
        socket.create_connection((host, port), timeout=PATIENCE_SECONDS).close()
    except OSError as error:
        return f"no connection to {host}:{port} ({type(error).__name__})"
    return None
