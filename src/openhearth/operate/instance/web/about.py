"""What everybody may know of the instance: its version, its SSH keys, what robots should leave alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from markupsafe import Markup

from openhearth.kernel import config
from openhearth.operate.instance.queries import hostkeys
from openhearth.operate.instance.queries.hostkeys import HostKey
from openhearth.web import pages, shell
from openhearth.web.requests import Request

_ROBOTS = """\
# Pages that cost much and say little: every state of every file.
User-agent: *
Disallow: /-/
Allow: /-/explore$
Allow: /-/static/
Disallow: /*/*/raw/
Disallow: /*/*/blame/
Disallow: /*/*/commit/
Disallow: /*/*/commits/
Disallow: /*/*/compare/
Disallow: /*/*/archive/
Disallow: /*/*/branches
Disallow: /*/*/tree/*/
Disallow: /*/*/blob/*/*/*/*/
Disallow: /*?
Crawl-delay: 5
"""


@dataclass(frozen=True, slots=True)
class AboutPage:
    """The program and the addresses of this instance."""

    address: str
    ssh_address: str


@dataclass(frozen=True, slots=True)
class SshPage:
    """How SSH clients reach the instance and know it; no keys where SSH is off."""

    enabled: bool
    address: str
    test_command: str
    keys: tuple[HostKey, ...]
    lines: str


def links(_context: Mapping[str, Any]) -> Markup:
    """Fill `foot`: the links at the end of every page."""
    wanted = [("about", _("About"))]
    if config.current().ssh.enabled:
        wanted.append(("ssh_keys", _("SSH host keys")))
    made = [Markup('<a href="{}">{}</a>').format(shell.link(name), text) for name, text in wanted if shell.link(name)]
    return Markup("\n").join(made)


def about(request: Request) -> HttpResponse:
    """Say what runs here."""
    settings = config.current()
    page = AboutPage(settings.public_url, settings.ssh_url if settings.ssh.enabled else "")
    return pages.render(request, "instance/about.html", page)


def ssh_keys(request: Request) -> HttpResponse:
    """Show the SSH address and the host keys, so that the first connection can be checked."""
    settings = config.current()
    keys = hostkeys.host_keys()
    host, port = settings.ssh.url_host or settings.host_name, settings.ssh.url_port or settings.ssh.port
    page = SshPage(
        enabled=settings.ssh.enabled,
        address=f"{settings.ssh_url}/OWNER/REPO.git",
        test_command=f"ssh -T {f'-p {port} ' if port != 22 else ''}git@{host}",
        keys=keys,
        lines="\n".join(key.known_hosts for key in keys),
    )
    return pages.render(request, "instance/ssh_keys.html", page)


def robots(_request: Request) -> HttpResponse:
    """Ask robots to leave alone what is expensive and endless."""
    return HttpResponse(_ROBOTS, content_type="text/plain; charset=utf-8")
