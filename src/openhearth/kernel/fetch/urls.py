"""Reading an address strictly: one spelling for one host, or a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urlsplit

import idna

from openhearth.kernel.fetch.addresses import Address, FetchPolicy, is_allowed, resolve
from openhearth.kernel.fetch.errors import FetchRefused

MAX_URL = 4096
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\<>\"`{}|^]|[\u0080-\u00a0\u2028\u2029\ufeff]")
_SHAPE = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]@%]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PATH_SAFE = "/?:@!$&'()*+,;=%-._~[]"


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `host` is ASCII without brackets, `path` begins with `/` and holds the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as a `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address in its one spelling, without fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A judged address: connect to one of `addresses` and to nothing else."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def curlopt_resolve(self) -> str:
        """The value for git's `http.curloptResolve`, which pins the name to the judged addresses."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}:{','.join(self.addresses)}"


def check(url: str, policy: FetchPolicy, *, seconds: float | None = None) -> Checked:
    """The address in its one spelling with its judged network addresses; FetchRefused or FetchError otherwise.

    A name with one address that is not allowed is refused whole.
    """
    target = parse(url)
    if policy.ports is not None and target.port not in policy.ports:
        raise FetchRefused("bad-port", port=target.port)
    literal = _literal(target.host)
    wait = policy.connect_seconds if seconds is None else min(seconds, policy.connect_seconds)
    found = (literal,) if literal else resolve(target.host, target.port, policy, wait)
    for address in found:
        if not is_allowed(address, policy):
            raise FetchRefused("private-address", host=target.host, address=str(address))
    addresses = tuple(str(address) for address in found)
    return Checked(target.url, target.scheme, target.host, target.port, addresses)


def parse(url: str) -> Target:
    """The parts of an http or https address; FetchRefused for anything that two programs could read differently."""
    if len(url) > MAX_URL or _FORBIDDEN.search(url):
        raise FetchRefused("bad-url", url=url[:200])
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        code = "bad-url" if re.match("https?:", url, re.IGNORECASE) else "bad-scheme"
        raise FetchRefused(code, url=url[:200])
    scheme, authority = shape[1].lower(), shape[2]
    if "@" in authority:
        raise FetchRefused("userinfo", url=re.sub("//[^/?#]*@", "//…@", url)[:200])
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise FetchRefused("bad-host", host=authority[:200])
    port = int(match[2]) if match[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise FetchRefused("bad-port", port=port)
    path = quote(shape[3], safe=_PATH_SAFE)
    return Target(scheme, _host(match[1]), port, path if path.startswith("/") else f"/{path}")


def join(base: str, location: str) -> str:
    """The address that a redirect leads to; what it is worth is for `check` to say."""
    if _FORBIDDEN.search(location):
        raise FetchRefused("bad-url", url=location[:200])
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location):
        return location
    parts = urlsplit(base)
    root = f"{parts.scheme}://{parts.netloc}"
    if location.startswith("//"):
        return f"{parts.scheme}:{location}"
    if location.startswith("/"):
        return root + location
    if location.startswith("?"):
        return root + parts.path + location
    return root + parts.path.rpartition("/")[0] + "/" + location


def _host(written: str) -> str:
    if written.startswith("["):
        try:
            return str(IPv6Address(written[1:-1]))
        except ValueError:
            raise FetchRefused("bad-host", host=written) from None
    host = written.lower() if written.isascii() else _ascii(written)
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise FetchRefused("bad-host", host=written[:200])
    if _NUMBER.fullmatch(labels[-1]):
        return _plain_ipv4(host, written)
    return host


def _ascii(written: str) -> str:
    """The ASCII form of an international name; one that turns into numbers is refused."""
    try:
        host = idna.encode(written, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise FetchRefused("bad-host", host=written[:200]) from None
    if not any(label.startswith("xn--") for label in host.split(".")):  # full-width letters, dots, digits
        raise FetchRefused("bad-host", host=written[:200])
    return host


def _plain_ipv4(host: str, written: str) -> str:
    """Four plain decimal numbers, or a refusal: octal, hexadecimal and short forms are read in different ways."""
    try:
        if str(IPv4Address(host)) == written:
            return host
    except ValueError:
        pass
    raise FetchRefused("bad-host", host=written[:200])


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
