"""How a server on the internet is reached: the proxy and the certificates of this machine."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def find_proxy(url: str) -> str | None:
    """The proxy for a URL from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; None without one.

    Asked once for each server: aiohttp's own `trust_env` looks at every request, and sends what
    a .netrc file holds instead of the key.
    """
    parts = urlsplit(url)
    if parts.hostname is None or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def make_ssl_context() -> ssl.SSLContext:
    """The certificates that the machine trusts (SSL_CERT_FILE included), and certifi's: some
    machines have none."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
