"""What one actor may see of a repository's refs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AdvertisedRef:
    """A ref: its full name, its id, and for an annotated tag the id it points to in the end."""

    name: str
    oid: str
    peeled: str | None = None


@dataclass(frozen=True, slots=True)
class RefView:
    """The refs an actor may see, sorted by the bytes of their names, without the hidden ones.

    `head` is the name HEAD points to, also when no such ref exists yet; `version` is the version of the
    repository's refs that this view was made from.
    """

    refs: tuple[AdvertisedRef, ...]
    head: str | None
    version: int

    def tips(self) -> frozenset[str]:
        """Return every id a client learns from this view."""
        peeled = (ref.peeled for ref in self.refs if ref.peeled)
        return frozenset((*(ref.oid for ref in self.refs), *peeled))

    def find(self, name: str) -> AdvertisedRef | None:
        """Return the ref of this full name."""
        return next((ref for ref in self.refs if ref.name == name), None)

    def head_ref(self) -> AdvertisedRef | None:
        """Return the ref that HEAD points to, None while it is unborn."""
        return None if self.head is None else self.find(self.head)
