"""When something is too much. A limit of 0 is none."""

from __future__ import annotations


def too_large(*, held: int, incoming: int, limit: int) -> bool:
    """Tell whether a push makes a repository larger than `limit` bytes.

    One that brings no bytes (it deletes, or moves to what is here) passes even where the limit was lowered since.
    """
    return limit > 0 and incoming > 0 and held + incoming > limit


def too_many(*, owned: int, limit: int) -> bool:
    """Tell whether an owner of `owned` repositories has no room for one more."""
    return limit > 0 and owned >= limit
