"""Every key that can be set, with its type, its default and its meaning.

A key is written `section.key` here and in messages, as a TOML table in `hearth.toml`, and as
`OPENHEARTH_SECTION__KEY` in the environment: two underscores between section and key, one within a name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from openhearth.kernel.config.paths import Paths

MIB = 1024 * 1024
GIB = 1024 * MIB
BYTES = {"unit": "bytes"}


class Ssh(Struct, frozen=True, kw_only=True):
    """The SSH server for git."""

    enabled: Annotated[bool, Meta(description="Serve git over SSH.")] = True
    host: Annotated[str, Meta(description="Address the SSH server listens on; empty means the same as `host`.")] = ""
    port: Annotated[
        int,
        Meta(ge=0, le=65535, description="Port the SSH server listens on; 0 lets the system choose."),
    ] = 8022
    url_host: Annotated[
        str,
        Meta(description="Host name written in SSH clone addresses; empty means the host of `url`."),
    ] = ""
    url_port: Annotated[
        int,
        Meta(ge=0, le=65535, description="Port written in SSH clone addresses; 0 means the same as `ssh.port`."),
    ] = 0


class Database(Struct, frozen=True, kw_only=True):
    """The main database."""

    url: Annotated[
        str,
        Meta(description="postgres://USER:PASSWORD@HOST:PORT/NAME; empty means SQLite in the data directory."),
    ] = ""


class Cache(Struct, frozen=True, kw_only=True):
    """The cache shared by all processes."""

    url: Annotated[
        str,
        Meta(description="redis://HOST:PORT/N (Redis or Valkey); empty means a file in the data directory."),
    ] = ""


class Mail(Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """Outgoing mail. Without `mail.host` messages are kept and administrators can read them."""

    host: Annotated[str, Meta(description="SMTP server; empty means mail is kept, not sent.")] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of the SMTP server.")] = 587
    user: Annotated[str, Meta(description="Name to sign in to the SMTP server with; empty means no sign-in.")] = ""
    password: Annotated[str, Meta(description="Password for the SMTP server.", extra={"secret": True})] = ""
    sender: Annotated[str, Meta(description="Sender address of mails; empty means noreply@HOST of `url`.")] = ""
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="How the connection to the SMTP server is encrypted."),
    ] = "starttls"


class Limits(Struct, frozen=True, kw_only=True):
    """What one request, push or page may cost. Sizes may be written as numbers of bytes or as "2 GiB"."""

    pack_bytes: Annotated[int, Meta(ge=1, description="Largest pack that one push may send.", extra=BYTES)] = 2 * GIB
    pack_objects: Annotated[int, Meta(ge=1, description="Most objects that one push may send.")] = 5_000_000
    file_bytes: Annotated[
        int,
        Meta(ge=0, description="Largest single file that a push may bring; 0 means no limit.", extra=BYTES),
    ] = 100 * MIB
    push_refs: Annotated[int, Meta(ge=1, description="Most refs that one push may change.")] = 50_000
    delta_depth: Annotated[int, Meta(ge=1, description="Longest chain of deltas accepted in a pack.")] = 4095
    git_seconds: Annotated[int, Meta(ge=1, description="Longest time one git operation may take, in seconds.")] = 3600
    git_memory: Annotated[int, Meta(ge=64 * MIB, description="Most memory one git process may use.", extra=BYTES)] = (
        2 * GIB
    )
    transfers: Annotated[
        int, Meta(ge=1, description="Most clones, fetches and pushes that one web process serves at a time.")
    ] = 64
    idle_seconds: Annotated[
        int, Meta(ge=1, description="A connection that moves no byte for this many seconds is closed.")
    ] = 120
    form_bytes: Annotated[int, Meta(ge=MIB, description="Largest form or API request body.", extra=BYTES)] = 10 * MIB
    repository_bytes: Annotated[
        int, Meta(ge=0, description="Largest size of one repository; 0 means no limit.", extra=BYTES)
    ] = 0
    repositories_per_owner: Annotated[
        int, Meta(ge=0, description="Most repositories one person or organisation may own; 0 means no limit.")
    ] = 0
    view_bytes: Annotated[
        int,
        Meta(
            ge=1,
            description="Largest file shown as text on a page; larger ones are offered raw.",
            extra=BYTES,
        ),
    ] = MIB
    highlight_bytes: Annotated[int, Meta(ge=0, description="Largest file shown with syntax colours.", extra=BYTES)] = (
        512 * 1024
    )
    diff_files: Annotated[int, Meta(ge=1, description="Most files shown in one diff.")] = 300
    diff_lines: Annotated[int, Meta(ge=1, description="Most lines shown in one diff.")] = 20_000
    sign_in_attempts: Annotated[
        int, Meta(ge=1, description="Failed sign-ins allowed for one name or address in five minutes.")
    ] = 10


class Repositories(Struct, frozen=True, kw_only=True):
    """What repositories may do."""

    create_by_push: Annotated[
        bool,
        Meta(description="A push to a repository that does not exist makes it, as a private one."),
    ] = True
    undo_days: Annotated[
        int,
        Meta(ge=0, le=3650, description="Days in which a deleted repository or branch can be brought back."),
    ] = 30
    default_branch: Annotated[str, Meta(min_length=1, description="Name of the first branch of new repositories.")] = (
        "main"
    )


class Log(Struct, frozen=True, kw_only=True):
    """What is written to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Least serious message that is written."),
    ] = "info"
    format: Annotated[
        Literal["auto", "text", "json"],
        Meta(description="Lines of text or JSON objects; auto means text on a terminal, JSON elsewhere."),
    ] = "auto"


class Web(Struct, frozen=True, kw_only=True):
    """The web processes."""

    workers: Annotated[
        int, Meta(ge=0, le=256, description="Number of web processes; 0 means one for each processor.")
    ] = 0
    threads: Annotated[int, Meta(ge=1, le=64, description="Threads for pages in each web process.")] = 4


class Jobs(Struct, frozen=True, kw_only=True):
    """Background work."""

    workers: Annotated[int, Meta(ge=0, le=256, description="Number of worker processes; 0 means none here.")] = 1
    threads: Annotated[
        int,
        Meta(ge=1, le=64, description="Jobs that each worker runs at a time; one of them is kept for short jobs."),
    ] = 2


class Fetch(Struct, frozen=True, kw_only=True):
    """Requests that the instance makes to other servers (imports, mirrors, images)."""

    allow: Annotated[
        tuple[str, ...],
        Meta(description="Private networks (CIDR) that may be contacted all the same; others are refused."),
    ] = ()


class Config(Struct, frozen=True, kw_only=True):
    """The whole configuration. `data` is given on the command line, never in the file."""

    data: Path
    url: Annotated[
        str, Meta(description="Public address of the instance, without a path; empty means http://HOST:PORT.")
    ] = ""
    host: Annotated[str, Meta(min_length=1, description="Address the web server listens on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65535, description="Port the web server listens on; 0 lets the system choose.")
    ] = 8000
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Networks (CIDR) of proxies whose X-Forwarded-… headers are believed."),
    ] = ()
    registration: Annotated[
        Literal["open", "approval", "closed"],
        Meta(description="Whether visitors can make accounts: at once, after an administrator's yes, or not."),
    ] = "closed"
    ssh: Ssh = field(default_factory=Ssh)
    database: Database = field(default_factory=Database)
    cache: Cache = field(default_factory=Cache)
    mail: Mail = field(default_factory=Mail)
    limits: Limits = field(default_factory=Limits)
    repositories: Repositories = field(default_factory=Repositories)
    log: Log = field(default_factory=Log)
    web: Web = field(default_factory=Web)
    jobs: Jobs = field(default_factory=Jobs)
    fetch: Fetch = field(default_factory=Fetch)

    url_given: bool = False
    """Whether somebody set `url`. Otherwise it is made from host and port, and other names are as good."""

    @property
    def public_url(self) -> str:
        """The address that links and clone boxes begin with, without a slash at the end."""
        return self.url

    @property
    def host_name(self) -> str:
        """The host in `public_url`, without a port."""
        return urlsplit(self.url).hostname or "localhost"

    @property
    def ssh_url(self) -> str:
        """What SSH clone addresses begin with: `ssh://git@HOST:PORT`."""
        host = self.ssh.url_host or self.host_name
        port = self.ssh.url_port or self.ssh.port
        shown = f"[{host}]" if ":" in host else host
        return f"ssh://git@{shown}" + (f":{port}" if port != 22 else "")

    @property
    def paths(self) -> Paths:
        """The fixed places below the data directory."""
        return Paths(self.data)
