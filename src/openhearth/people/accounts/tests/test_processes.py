"""The limit on wrong passwords with real processes that share nothing but the cache database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from openhearth.kernel import config

SETUP = "import django; django.setup(); from django.core.management import call_command; "
CREATE = SETUP + "call_command('createcachetable', database='cache')"
GUESS = """
import django
django.setup()
from openhearth.kernel.attempts import TooMany
from openhearth.people.accounts.actions import check_password

let_through = refused = 0
for number in range(8):
    try:
        # a name too long to be one: known to be nobody's without asking the main database
        assert check_password(login="x" * 300, password="wrong", address="") is None
        let_through += 1
    except TooMany as limited:
        assert 0 < limited.retry_after <= 301
        refused += 1
print(let_through, refused)
"""


def _start(code: str, data: Path) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[4]),
        "OPENHEARTH_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "openhearth.site.settings",
    }
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)


def test_wrong_passwords_are_limited_across_processes(tmp_path: Path) -> None:
    making = _start(CREATE, tmp_path)
    making.communicate(timeout=60)
    assert making.returncode == 0
    running = [_start(GUESS, tmp_path) for _ in range(3)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    let_through, refused = (sum(int(line.split()[n]) for line in said) for n in (0, 1))
    assert let_through == config.current().limits.sign_in_attempts
    assert refused == 24 - let_through
