"""Taking in a push, in-process: read the commands, store the pack in quarantine, prove it, publish it.

The order for a caller: `read_push_request`, its own checks of rights and names, `ingest`, its gates,
`Quarantine.publish`, its transaction, `report`. Until `publish` nothing of a push can be seen by anyone.
"""

from openhearth.git.packfile import PackInfo
from openhearth.git.pktline import AsyncReader, sideband
from openhearth.git.receive.ingest import ingest, is_fast_forward
from openhearth.git.receive.quarantine import Quarantine, sweep
from openhearth.git.receive.report import answer, refusal, report
from openhearth.git.receive.request import (
    ZERO,
    Command,
    PushRequest,
    ReceiveLimits,
    read_push_request,
)

__all__ = [
    "ZERO",
    "AsyncReader",
    "Command",
    "PackInfo",
    "PushRequest",
    "Quarantine",
    "ReceiveLimits",
    "answer",
    "ingest",
    "is_fast_forward",
    "read_push_request",
    "refusal",
    "report",
    "sideband",
    "sweep",
]
