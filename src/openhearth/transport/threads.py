"""The one hop from async transports to blocking code that uses the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import close_old_connections
from django.utils import translation

P = ParamSpec("P")
T = TypeVar("T")

_pool: ThreadPoolExecutor | None = None
THREADS = 4


def _executor() -> ThreadPoolExecutor:
    """Return this process's threads; made at first use, so never before a fork."""
    global _pool  # noqa: PLW0603
    if _pool is None:
        _pool = ThreadPoolExecutor(THREADS, thread_name_prefix="transport")
    return _pool


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking code in one of a few threads, each of which keeps its database connection while that is sound."""
    context = copy_context()
    language = translation.get_language()

    def work() -> T:
        close_old_connections()  # Django does this for pages alone: a connection that broke must not break what follows
        return context.run(speaking)

    def speaking() -> T:
        with translation.override(language):  # Django keeps it per thread, whatever the context says
            return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_executor(), work)
