"""A small real file system of a test's own: a tmpfs in a mount namespace that nobody outside sees."""

import ctypes
import os
import pathlib
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def _ok(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _mount(source, target, kind, flags, options):
    _ok(_libc.mount(source, str(target).encode(), kind, ctypes.c_ulong(flags), options))


def _enter_own_namespace():
    """Mounts made from here on are this process's and its children's, and end with them."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _ok(_libc.unshare(CLONE_NEWNS))
    else:
        _ok(_libc.unshare(CLONE_NEWUSER | CLONE_NEWNS))
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount(None, "/", None, MS_REC | MS_PRIVATE, None)


class SmallDisk:
    """A file system of `mebibytes` at `folder`; skips the test, loudly, where the kernel does not allow one.

    Call it before any thread runs and before the processes that shall see it are started.
    """

    def __init__(self, folder, mebibytes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._filler = self.folder / "filler"
        try:
            _enter_own_namespace()
            _mount(b"axial-test", self.folder, b"tmpfs", 0, f"size={mebibytes}m".encode())
        except OSError as error:
            print(f"!! SKIPPED: a full disk needs a small file system, and none can be mounted here: {error}. "
                  "Run the test as root or where unprivileged user namespaces are allowed.", file=sys.stderr)
            sys.exit(77)

    def FreeBytes(self):
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize

    def Fill(self, leave):
        """Writes until only `leave` bytes are free, whatever others write meanwhile."""
        chunk = bytes(64 * 1024)
        with open(self._filler, "ab", buffering=0) as file:
            try:
                while self.FreeBytes() > leave:
                    file.write(chunk[:max(1, min(len(chunk), self.FreeBytes() - leave))])
            except OSError:
                pass  # full

    def Empty(self):
        self._filler.unlink()

    def Stop(self):
        _libc.umount2(str(self.folder).encode(), MNT_DETACH)
