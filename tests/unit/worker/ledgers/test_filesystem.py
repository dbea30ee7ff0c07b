"""A ledger's file has to lie where locks hold."""

from pathlib import Path

import pytest

from worker.ledgers import engine, filesystem
from worker.ledgers.filesystem import shared
from worker.refusals import RefusedToStart

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /mnt/team rw,relatime - nfs4 server:/export rw,vers=4.2
31 22 0:26 / /mnt/team/local rw,relatime - xfs /dev/vdb rw
32 22 0:27 / /mnt/with\040space rw - cifs //server/share rw
33 22 0:28 / /mnt/twice rw - nfs server:/a rw
34 22 0:29 / /mnt/twice rw - ext4 /dev/vdc rw
35 22 0:30 / /mnt/home rw shared:5 master:1 - fuse.sshfs somebody@server: rw
""".strip()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/lib/triage", None),
        ("/mnt/team/triage", "nfs4"),
        ("/mnt/team", "nfs4"),
        ("/mnt/teams/triage", None),
        ("/mnt/team/local/triage", None),
        ("/mnt/with space/triage", "cifs"),
        ("/mnt/twice/triage", None),
        ("/mnt/home/triage", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_tells(path: str, expected: str | None) -> None:
    assert shared(Path(path), MOUNTS) == expected


def test_where_there_is_no_list_of_mounts_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(filesystem, "MOUNTS", tmp_path / "none")
    assert shared(tmp_path) is None


def test_a_ledger_on_a_network_file_system_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 0:1 / {tmp_path} rw - nfs4 server:/export rw\n")
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)
    with pytest.raises(RefusedToStart, match=r"nfs4.*\n?.*local disk") as refused:
        engine.connect(f"sqlite:///{tmp_path}/ledger.db")
    assert "TRIAGE_HOME" in str(refused.value)


def test_one_on_a_local_disk_is_not(tmp_path: Path) -> None:
    engine.connect(f"sqlite:///{tmp_path}/ledger.db").dispose()
