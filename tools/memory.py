"""Says how much memory a running instance takes: python tools/memory.py DATA.

PSS counts a page shared by n processes as 1/n in each, so the sum is what the instance really takes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def pss_kib(pid: int) -> int:
    """Return the proportional set size of a process in KiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def processes(data: Path) -> list[tuple[str, int]]:
    """Return (part, pid) of the instance that serves `data`."""
    state = json.loads((data / "run.json").read_text("utf-8"))
    return [("supervisor", state["pid"]), *((part["name"], part["pid"]) for part in state["parts"] if part["pid"])]


def main(data: Path) -> None:
    """Print a line for each process, and the sum."""
    sizes = [(name, pid, pss_kib(pid)) for name, pid in processes(data)]
    for name, pid, size in sizes:
        print(f"{name:12} {pid:8} {size / 1024:7.1f} MiB")
    print(f"{'all':12} {'':8} {sum(size for *_, size in sizes) / 1024:7.1f} MiB")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "data"))
