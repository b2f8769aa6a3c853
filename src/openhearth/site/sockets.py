"""The listening sockets, bound once by the supervisor and shared by the parts."""

from __future__ import annotations

import errno
import os
import socket
from gettext import gettext as _

from openhearth.site.data_directory import StartRefused

BACKLOG = 1024
STALLED_MILLISECONDS = 120_000
"""A client that takes none of the bytes sent to it for so long is dropped by the kernel."""


def bind(host: str, port: int, option: str) -> socket.socket:
    """Return a listening TCP socket. `option` is the command-line option that chooses another port."""
    try:
        family, _kind, _protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise StartRefused(
            _("The address %(host)s to listen on is unknown: %(reason)s.") % {"host": host, "reason": error.strerror}
        ) from error
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else small answers wait 40 ms
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # handed on to every accepted connection
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MILLISECONDS)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartRefused(_why_not(host, port, option, error)) from error
    listener.setblocking(False)
    return listener


def _why_not(host: str, port: int, option: str, error: OSError) -> str:
    named = {"host": host, "port": port, "option": option, "reason": os.strerror(error.errno or errno.EIO)}
    if error.errno == errno.EADDRINUSE:
        return (
            _(
                "Port %(port)d on %(host)s is in use by another program. Stop that program, or choose "
                "another port with %(option)s PORT (%(option)s 0 takes any free one)."
            )
            % named
        )
    if error.errno == errno.EACCES:
        return _("Port %(port)d needs special rights. Choose one above 1023 with %(option)s PORT.") % named
    return _("Cannot listen on %(host)s, port %(port)d: %(reason)s.") % named


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket is bound to."""
    number: int = listener.getsockname()[1]
    return number
