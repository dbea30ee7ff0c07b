"""Which file system a path lies on: SQLite's locks do not hold on one that others share."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

SHARED = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
"""As Linux names them. Whether their locks hold depends on servers, and on mount options."""


def shared(path: Path, mounts: str | None = None) -> str | None:
    """The type of the shared file system that `path` lies on; None where it lies on a local one.

    `mounts` is the text of Linux' mountinfo (proc_pid_mountinfo(5)), by default this process's.
    None too where the system has no such file, and for a path that is on no mount.
    """
    try:
        text = MOUNTS.read_text(encoding="utf-8") if mounts is None else mounts
    except OSError:
        return None
    resolved = path.resolve()
    found = (0, "")
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(_unescaped(before.split(" ")[4]))
        if resolved.is_relative_to(point) and len(point.parts) >= found[0]:
            found = len(point.parts), after.split(" ")[0]  # of two in one place the later one
    return found[1] if found[1] in SHARED else None


def _unescaped(text: str) -> str:
    r"""A mount point as it is called; mountinfo writes a space as \040."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
