"""Pages of repositories: settings, people, acts with consequences. Reading code is in `code.browse`."""

from __future__ import annotations

from openhearth.code.repos.web.frame import register

__all__ = ["register"]
