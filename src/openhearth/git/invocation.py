"""How a git child is made: its argument vector, its environment, its limits, its end.

Callers use `openhearth.git.command`, which builds on this.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from openhearth.git.errors import GitError

PIPE = subprocess.PIPE
DEVNULL = subprocess.DEVNULL
CHUNK = 65536
STDERR_KEPT = 65536
GIB = 1 << 30

_GIT = shutil.which("git") or "git"
_PATH = os.pathsep.join(
    dict.fromkeys([str(Path(_GIT).parent) if "/" in _GIT else "/usr/bin", "/usr/local/bin", "/usr/bin", "/bin"])
)

_ENVIRONMENT = {
    "PATH": _PATH,
    "HOME": "/nonexistent",  # no user's settings, attributes or credentials can be found
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "/bin/false",
}

_SETTINGS = (
    "safe.directory=*",  # who may read a repository is decided before git starts
    "core.fsync=all",
    "core.fsyncMethod=fsync",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.useReplaceRefs=false",
    "core.alternateRefsCommand=true",
    "core.bigFileThreshold=50m",  # larger blobs are streamed, not held
    "core.deltaBaseCacheLimit=64m",
    "core.packedGitWindowSize=32m",
    "core.packedGitLimit=512m",
    "core.logAllRefUpdates=false",
    "core.quotePath=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "receive.autogc=false",
    "pack.threads=1",
    "pack.windowMemory=128m",
    "index.threads=1",
    "protocol.allow=never",
    "credential.helper=",
    "color.ui=never",
    "log.showSignature=false",
    "i18n.logOutputEncoding=UTF-8",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one git child may use. `seconds` is wall time; memory counts private memory, not mapped packs."""

    seconds: float = 60
    memory_bytes: int = 2 * GIB
    output_bytes: int | None = None
    file_bytes: int | None = None
    open_files: int = 1024


DEFAULT = Limits()


def argv(directory: Path | None, *args: str) -> list[str]:
    """Return the argument vector for `git ARGS` on the bare repository `directory`.

    Callers put `--end-of-options` before anything a client chose and use full ref names. Further
    settings may lead the arguments: `argv(d, "-c", "key=value", "rev-list", …)`.
    """
    line = [_GIT, "--no-pager"]
    for setting in _SETTINGS:
        line += ("-c", setting)
    if directory is not None:
        line.append(f"--git-dir={directory}")
    return [*line, *args]


def environment(
    *,
    quarantine: Path | None = None,
    alternates: Sequence[Path] = (),
    protocol: int | None = None,
    transports: Sequence[str] = (),
) -> dict[str, str]:
    """Return the whole environment of a child.

    With `quarantine`, new objects go there and `alternates` are object directories that are read too.
    `transports` names what git may fetch over (`https`, `file`); without it git contacts nobody.
    """
    values = dict(_ENVIRONMENT)
    values["GIT_ALLOW_PROTOCOL"] = ":".join(transports)
    if quarantine is not None:
        values["GIT_OBJECT_DIRECTORY"] = str(quarantine)
        values["GIT_QUARANTINE_PATH"] = str(quarantine)
    if alternates:
        values["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(_quoted(str(path)) for path in alternates)
    if protocol is not None:
        values["GIT_PROTOCOL"] = f"version={protocol}"
    return values


def _quoted(path: str) -> str:
    """Quote a path for git's colon-separated list of object directories."""
    if ":" not in path and '"' not in path:
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def spawn(
    directory: Path | None,
    args: Sequence[str],
    *,
    stdin: int | IO[bytes],
    limits: Limits,
    quarantine: Path | None,
    alternates: Sequence[Path],
    protocol: int | None,
    transports: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start git in a session of its own with its limits set."""
    if quarantine is not None and directory is not None and not alternates:
        alternates = (directory / "objects",)
    process = subprocess.Popen(
        argv(directory, *args),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(quarantine=quarantine, alternates=alternates, protocol=protocol, transports=transports),
        cwd="/",
        bufsize=0,
        start_new_session=True,
    )
    _limit(process.pid, limits)
    return process


def _limit(pid: int, limits: Limits) -> None:
    """Set the resource limits of a running child (Linux; elsewhere only time and output are capped)."""
    if not hasattr(resource, "prlimit"):
        return
    wanted = {
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_CPU: int(limits.seconds) + 2,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if limits.file_bytes is not None:
        wanted[resource.RLIMIT_FSIZE] = limits.file_bytes
    _limit_tree(pid, wanted)


def _limit_tree(pid: int, wanted: Mapping[int, int]) -> None:
    """Limit a process, then the children it may have had before: whatever it starts later inherits."""
    try:
        for kind, value in wanted.items():
            hard = resource.prlimit(pid, kind)[1]
            cap = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.prlimit(pid, kind, (cap, cap))
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return  # it has ended, or this system does not tell
    for child in children:
        _limit_tree(int(child), wanted)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a child and all its children. Its id cannot be anyone else's: it has not been reaped yet."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def failure(args: Sequence[str], status: int, stderr: bytes) -> GitError:
    """Return the error for a child that ended with `status`; the command is the first plain word."""
    words = list(args)
    while len(words) > 2 and words[0] == "-c":
        words = words[2:]
    text = stderr.decode("utf-8", "replace").strip()
    return GitError("git-failed", command=words[0] if words else "", status=status, stderr=text)
