"""Why an outbound request did not happen."""

from __future__ import annotations


class FetchError(Exception):
    """The request failed on the way. `code` is for the caller's words, `params` for its placeholders.

    Codes: resolve, connect, tls, timeout, protocol, too-large, too-many-redirects.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params


class FetchRefused(FetchError):
    """The request was not allowed, nothing was sent.

    Codes: bad-url, bad-scheme, userinfo, bad-host, bad-port, private-address, bad-header, bad-method,
    redirect-downgrade.
    """
