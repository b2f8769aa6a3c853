"""The one way out: HTTP requests to addresses that people wrote, to the public network alone.

A name is resolved once, every address is judged, and the connection goes to a judged address, so that a name
which answers differently the second time gains nothing. Redirects are followed here, each hop judged anew.
Proxies of the environment are ignored.
"""

from openhearth.kernel.fetch.addresses import FetchPolicy, configured, policy_from
from openhearth.kernel.fetch.client import Response, Streamed, fetch, fetch_async, stream
from openhearth.kernel.fetch.errors import FetchError, FetchRefused
from openhearth.kernel.fetch.urls import Checked, check

__all__ = [
    "Checked",
    "FetchError",
    "FetchPolicy",
    "FetchRefused",
    "Response",
    "Streamed",
    "check",
    "configured",
    "fetch",
    "fetch_async",
    "policy_from",
    "stream",
]
