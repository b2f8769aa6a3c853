"""`./hearth serve`: locks the data, binds the sockets, loads the application and starts the parts."""

from __future__ import annotations

import functools
import importlib
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from gettext import gettext as _
from typing import Any

import django
import msgspec
from django.apps import apps
from django.db import connections
from django.template import engines
from django.urls import get_resolver
from django.utils import translation

import openhearth
from openhearth.kernel import config as configuration
from openhearth.kernel import log, metrics
from openhearth.kernel.clock import now
from openhearth.kernel.config import Config
from openhearth.kernel.database import cachefile
from openhearth.site import banner, catalogues, checks, database, hostkeys, parts, schema, sockets
from openhearth.site.data_directory import InstanceLock, StartRefused
from openhearth.site.run_state import RunState
from openhearth.site.supervisor import Slot, Supervisor

QUIET = {"uvicorn.error": logging.WARNING, "django.request": logging.ERROR}
"""What the access log and the supervisor say better: starts and ends of servers, answers of 4xx."""
FIRST_PAGE = "/-/first/"
SWEEPS = ("kernel.sweep", "code.refs.sweep")
"""Jobs that clear away what dead processes left; they run each hour, and after each start."""


@dataclass(slots=True)
class Listeners:
    """The bound sockets; `ssh` is None where SSH is off."""

    web: socket.socket
    ssh: socket.socket | None = None

    def close(self) -> None:
        """Stop listening (in this process)."""
        self.web.close()
        if self.ssh is not None:
            self.ssh.close()


@dataclass(slots=True)
class Prepared:
    """What the preparing process found out."""

    refused: str = ""
    first_link: str = ""


def serve(config: Config) -> int:
    """Run the instance on an opened data directory until it is told to stop; returns the exit code.

    Raises `StartRefused`.
    """
    checks.require_git()
    lock = InstanceLock(config.data)
    lock.take()
    cachefile.discard_after_reboot(config.paths)
    listeners = bind(config)
    try:
        config = with_ports(config, listeners)
        with database.explained(config):
            load_application(config)
        prepared = in_child(prepare)
        if prepared.refused:
            raise StartRefused(prepared.refused)
        return _supervise(config, lock, listeners, prepared)
    finally:
        listeners.close()
        lock.release()


def bind(config: Config) -> Listeners:
    """Bind the web socket and, where the SSH server is on, its socket."""
    web = sockets.bind(config.host, config.port, "--port")
    listeners = Listeners(web)
    if config.ssh.enabled:
        try:
            listeners.ssh = sockets.bind(config.ssh.host or config.host, config.ssh.port, "--ssh-port")
        except StartRefused:
            web.close()
            raise
    return listeners


def with_ports(config: Config, listeners: Listeners) -> Config:
    """Return the configuration with the ports that the system chose, and install it for this process."""
    ssh = config.ssh
    if listeners.ssh is not None:
        ssh = msgspec.structs.replace(ssh, port=sockets.port_of(listeners.ssh))
    found = msgspec.structs.replace(config, port=sockets.port_of(listeners.web), ssh=ssh)
    found = configuration.with_address(found)
    configuration.install(found)
    return found


def load_application(config: Config) -> None:
    """Import all that requests need, so that the parts share its memory. Opens no connection, no thread."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openhearth.site.settings")
    log.setup(config.log.level, config.log.format)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(max(level, logging.getLogger().level))
    django.setup()
    importlib.import_module("openhearth.site.web_process")
    _ = get_resolver().url_patterns
    engines.all()
    for language in ("en", "zh-hans"):
        with translation.override(language):
            translation.gettext("Home")


def open_connections() -> Iterator[str]:
    """Name the database connections that are open in this process."""
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None:
            yield connection.alias


def prepare() -> Prepared:
    """Bring the database up, check the program, compile texts, make keys. Runs in a process of its own."""
    config = configuration.current()
    try:
        with database.explained(config):
            schema.bring_up(config)
            checks.require_sound()
        database.require_cache(config)
    except StartRefused as refused:
        return Prepared(refused=str(refused))
    catalogues.compile_stale(config.paths.tmp / "locale")
    hostkeys.make_missing(config.paths.secrets)
    sweep_soon()
    return Prepared(first_link=first_link(config))


def sweep_soon() -> None:
    """Let the worker clear away what the last run left, should it have been killed: nothing of it is in the way."""
    queue = importlib.import_module("openhearth.kernel.jobs.queue")
    for name in SWEEPS:
        queue.enqueue(name, unique_key=f"every:{name}")


def first_link(config: Config) -> str:
    """Return the one-time address that makes the administrator; "" where one exists."""
    actions = importlib.import_module("openhearth.people.accounts.actions")
    secret = actions.make_first_link()
    return f"{config.url.rstrip('/')}{FIRST_PAGE}{secret}" if secret else ""


def in_child(work: Callable[[], Prepared]) -> Prepared:
    """Run `work` in a forked process, so that none of its threads and connections reach the parts."""
    read, write = os.pipe()

    def run() -> None:
        os.close(read)
        found = work()
        with os.fdopen(write, "w", encoding="utf-8") as out:
            json.dump(msgspec.to_builtins(found), out)

    pid = parts.fork(run)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answers:
        said = answers.read()
    os.waitpid(pid, 0)
    if not said:
        return Prepared(refused=_("The data could not be prepared; the reason is in the lines above."))
    return msgspec.json.decode(said, type=Prepared)


def the_parts(config: Config, listeners: Listeners) -> list[parts.Part]:
    """Return what is to run."""
    web = importlib.import_module("openhearth.site.web_process")
    count = config.web.workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    found = [parts.Part("web", functools.partial(web.main, listeners.web, config), count)]
    if listeners.ssh is not None:
        run = _imported("openhearth.site.ssh_process", listeners.ssh, config)
        found.append(parts.Part("ssh", run))
    if config.jobs.workers:
        found.append(parts.Part("worker", _imported("openhearth.site.worker_process"), config.jobs.workers))
    return found


def _imported(module: str, *arguments: Any) -> Callable[[], None]:
    """Return a call of `module.main` that imports the module in the part alone."""

    def run() -> None:
        importlib.import_module(module).main(*arguments)

    return run


def _supervise(config: Config, lock: InstanceLock, listeners: Listeners, prepared: Prepared) -> int:
    parts.require_forkable(open_connections)
    running = the_parts(config, listeners)
    state = RunState(config.data, facts(config, listeners))
    said = False

    def changed(slots: Sequence[Slot]) -> None:
        nonlocal said
        state.write(slots)
        if not said:
            said = True
            sys.stdout.write(banner.text(config, has_ssh=listeners.ssh is not None, first_link=prepared.first_link))
            sys.stdout.flush()

    metrics.reset()
    parts.settle()
    supervisor = Supervisor(
        running, changed=changed, close_in_child=[lock.handle], close_when_stopping=[listeners.close]
    )
    try:
        return supervisor.run()
    finally:
        state.remove()


def facts(config: Config, listeners: Listeners) -> dict[str, Any]:
    """Return what run.json says besides the processes."""
    found: dict[str, Any] = {"version": openhearth.__version__, "url": config.url, "started": now().isoformat()}
    found["web"] = {"host": config.host, "port": config.port}
    if listeners.ssh is not None:
        found["ssh"] = {"host": config.ssh.host or config.host, "port": config.ssh.port}
    found["capabilities"] = [app.label for app in apps.get_app_configs() if app.name.startswith("openhearth.")]
    return found
