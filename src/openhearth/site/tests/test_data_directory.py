"""The data directory: refused where it would lose data, closed to others, served once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from openhearth.site.data_directory import (
    InstanceLock,
    StartRefused,
    file_system_of,
    mounts,
    open_data,
    refuse_network,
)

TABLE = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:35 / /srv rw,relatime shared:20 - nfs4 server:/export rw,vers=4.2
41 40 0:36 / /srv/local\\040disk rw - xfs /dev/vdb rw
42 22 0:37 / /home/lin/far rw,nosuid - fuse.sshfs lin@far: rw
43 22 0:38 / /mnt/over rw - tmpfs tmpfs rw
44 22 0:39 / /mnt/over rw - 9p share rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/var/lib/hearth", "ext4"),
        ("/srv", "nfs4"),
        ("/srv/hearth", "nfs4"),
        ("/srvx", "ext4"),
        ("/srv/local disk/data", "xfs"),
        ("/home/lin/far/data", "fuse.sshfs"),
        ("/mnt/over/data", "9p"),
    ],
)
def test_the_longest_mount_point_counts_and_a_later_one_covers(path: str, kind: str) -> None:
    assert file_system_of(Path(path), TABLE) == kind


def test_lines_that_are_no_mounts_are_passed_over() -> None:
    assert len(list(mounts(TABLE))) == 6


def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - ext4 /dev/vda rw\n2 1 0:2 / {tmp_path} rw - cifs //far/share rw\n")
    with pytest.raises(StartRefused, match="cifs"):
        refuse_network(tmp_path / "data", table)


@pytest.mark.parametrize("kind", ["ext4", "overlay", "tmpfs", "btrfs", "fuse.portal"])
def test_local_file_systems_are_fine(tmp_path: Path, kind: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - {kind} x rw\n")
    refuse_network(tmp_path / "data", table)


def test_no_table_is_no_reason(tmp_path: Path) -> None:
    refuse_network(tmp_path, tmp_path / "there is none")


def test_a_new_directory_is_closed_to_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        open_data(tmp_path / "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize("place", ["file/data", "/proc/hearth-data"])
def test_what_cannot_be_written_is_refused_with_a_reason(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartRefused) as refused:
        open_data(tmp_path / place)
    assert place in str(refused.value)
    assert "--data" in str(refused.value)


def test_the_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path)
    assert not lock.is_taken()
    lock.take()
    try:
        assert InstanceLock(tmp_path).is_taken()
        with pytest.raises(StartRefused, match=f"process {os.getpid()}"):
            InstanceLock(tmp_path).take()
    finally:
        lock.release()
    assert not InstanceLock(tmp_path).is_taken()


def test_the_lock_ends_with_a_killed_process(tmp_path: Path) -> None:
    code = f"""
import sys, time; sys.path.insert(0, {str(Path(__file__).resolve().parents[3])!r})
from pathlib import Path
from openhearth.site.data_directory import InstanceLock
InstanceLock(Path({str(tmp_path)!r})).take(); print("taken", flush=True); time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        assert InstanceLock(tmp_path).is_taken()
        holder.kill()
        holder.wait()
    lock = InstanceLock(tmp_path)
    lock.take()
    lock.release()
