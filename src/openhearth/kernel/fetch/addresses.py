"""Which network addresses a server may be sent to by its users."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from openhearth.kernel import config
from openhearth.kernel.fetch.errors import FetchError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

_REFUSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # the service address inside one large cloud
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
_REFUSED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID and the like
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses of a name as the operating system knows them; OSError when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What a request may do. `allow_private` names networks that are reached although they are not public.

    `ports` None means any port. `seconds` bounds a whole request with all its redirects, `body_bytes` the decoded
    body. `resolver` is for tests.
    """

    allow_private: tuple[Network, ...] = ()
    ports: frozenset[int] | None = frozenset({80, 443, 3000, 8000, 8080, 8443})
    redirects: int = 5
    seconds: float = 30.0
    connect_seconds: float = 5.0
    body_bytes: int = 10 * 1024 * 1024
    resolver: Resolver = system_resolver


def policy_from(allow_private: Sequence[str], **limits: float) -> FetchPolicy:
    """The policy of an instance whose configuration lists these networks; ValueError names a bad one."""
    networks = tuple(ip_network(text, strict=False) for text in allow_private)
    return FetchPolicy(
        allow_private=networks,
        seconds=float(limits.get("seconds", 30.0)),
        body_bytes=int(limits.get("body_bytes", 10 * 1024 * 1024)),
    )


def configured() -> FetchPolicy:
    """The policy of this instance (`fetch.allow`)."""
    return policy_from(config.current().fetch.allow)


def is_allowed(address: Address, policy: FetchPolicy) -> bool:
    """Whether a connection to this address may be opened."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped or _nat64(address)
        if inner is not None:
            return is_allowed(inner, policy)
    if any(address.version == network.version and address in network for network in policy.allow_private):
        return True
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_4)
    return _is_public_6(address)


def _is_public_6(address: IPv6Address) -> bool:
    if address not in _GLOBAL_6 or not address.is_global:
        return False
    if any(address in network for network in _REFUSED_6):
        return False
    interface = int(address) & 0xFFFF_FFFF_FFFF_FFFF
    return interface >> 32 not in (0x0000_5EFE, 0x0200_5EFE)  # ISATAP carries an IPv4 address inside


def _nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def resolve(host: str, port: int, policy: FetchPolicy, seconds: float) -> tuple[Address, ...]:
    """All addresses of a name; FetchError("resolve") when there are none within the time.

    The operating system's resolver knows no time limit, so a thread of its own asks it.
    """
    found: list[Sequence[str]] = []

    def ask() -> None:
        try:
            found.append(policy.resolver(host, port))
        except (OSError, UnicodeError):
            found.append(())

    asking = threading.Thread(target=ask, name="fetch-resolve", daemon=True)
    asking.start()
    asking.join(seconds)
    if not found or not found[0]:
        raise FetchError("resolve", host=host)
    try:
        return tuple(ip_address(text) for text in found[0])
    except ValueError:
        raise FetchError("resolve", host=host) from None
