"""The type of a native route: bare async code beside Django, for transfers and streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class NativeRoute:
    """One native route.

    `pattern` is a regular expression that must match the whole path as it was sent (still percent-encoded).
    Its named groups reach `handler` percent-decoded in `scope["path_params"]`, the request's id in
    `scope["request_id"]`, the client's own address (proxies seen through) in `scope["client"]`.
    A request of another method goes on to the next route, in the end to Django.
    `permission` is the policy action that the handler asks for, or `public`; the route table prints it.
    """

    pattern: str
    handler: Application
    permission: str
    methods: frozenset[str] = frozenset({"GET", "HEAD"})
