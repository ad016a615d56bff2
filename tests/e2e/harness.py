"""What the demo and the end-to-end tests share: processes, waiting and HTTP. The nodes themselves: nodes.py.

Every process is known by its id, gets its own folder and free ports, and is ended by its id. Nothing waits by
sleeping a fixed time: WaitFor() polls a condition until a deadline and names the cause when a process has died.
"""

import ctypes
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"  # optional shared test data beside the checkout
PEERS = ROOT / "build" / "peers"  # made by scripts/peers

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something is wrong; the message is written for the person who reads it."""


def Check(condition, message):
    if not condition:
        raise Failure(message)


def FreePort():
    """A port nobody listens on, below the range from which the kernel takes ports for outgoing connections."""
    for _ in range(1000):
        port = random.randint(15000, 31999)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port between 15000 and 31999")


class Process:
    """A child process with a log file, ended by its id only."""

    def __init__(self, name, command, log, environment=None, survives_us=False, own_session=True):
        self.name = name
        self.log = pathlib.Path(log)
        self.survives_us = survives_us
        with open(self.log, "ab") as out:
            self._child = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(environment or {})}, start_new_session=own_session,
                preexec_fn=None if survives_us else self._die_with_parent)

    @staticmethod
    def _die_with_parent():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    @property
    def pid(self):
        return self._child.pid

    def ExitCode(self):
        """None while it runs; negative: the signal that ended it."""
        return self._child.poll()

    def Signal(self, number):
        self._child.send_signal(number)

    def CheckAlive(self):
        code = self.ExitCode()
        if code is not None:
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise Failure(f"{self.name} ended by itself ({how}). Its last log lines:\n{self.Tail()}\n  log: {self.log}")

    def Tail(self, lines=15):
        try:
            text = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return "  (no log)"
        return "\n".join("  | " + line for line in text[-lines:]) or "  (its log is empty)"

    def Stop(self, seconds=20):
        """SIGTERM, and SIGKILL when that is not enough. Returns the exit code."""
        if self.ExitCode() is None:
            self._child.terminate()
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.Kill()
        return self._child.returncode

    def Kill(self):
        if self.ExitCode() is None:
            self._child.kill()
        self._child.wait()


def WaitFor(what, condition, seconds, processes=(), every=0.05, describe=None):
    """Polls until `condition()` is true and returns its value; Failure when time is over or a process died."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        for process in processes:
            process.CheckAlive()
        if time.monotonic() > deadline:
            lines = [f"gave up after {seconds} s waiting for {what}"]
            if describe:
                lines.append(describe())
            for process in processes:
                lines.append(f"last log lines of {process.name} ({process.log}):\n{process.Tail()}")
            raise Failure("\n".join(lines))
        time.sleep(every)


def HttpGet(url, seconds=10):
    """The body, or None when there is no (successful) answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=seconds) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError):
        return None


def HttpStatusAndBody(url, seconds=2, method="GET"):
    """(status, body) of whatever answer there is, (None, b"") when there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, method=method), timeout=seconds) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except (urllib.error.URLError, OSError):
        return None, b""


def HttpAnswers(url, seconds=2):
    """Whether somebody answers there, with whatever status."""
    return HttpStatusAndBody(url, seconds)[0] is not None


def TcpAnswers(port):
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def HttpGetJson(url, seconds=10):
    body = HttpGet(url, seconds)
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise Failure(f"{url} did not answer with JSON: {body[:200]!r}") from None


def HttpPostJson(url, body, seconds=10):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise Failure(f"POST {url} answered {error.code}: {error.read()[:500]!r}") from None


def MissingPeers(peers, programs):
    """Why these peers (of scripts/peers) and programs cannot be used here, or ''."""
    for peer in peers:
        if not (PEERS / f"{peer}.pinned").exists():
            reason = PEERS / f"{peer}.missing"
            return f"build/peers/{peer} " + (reason.read_text() if reason.exists() else "is not there; run scripts/peers")
    for program in programs:
        if not shutil.which(program):
            return f"no {program} on PATH; scripts/dependencies installs it"
    return ""


def WorkersOf(parent):
    """Process ids of the axial-worker children of a Process."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent_pid = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent_pid == parent.pid and b"axial-worker" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # it ended in between
    return found


class Workspace:
    """A temporary folder, and everything started in it. Kept when something fails, so that logs can be read."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}."))
        self._started = []
        self._keep = False

    def Own(self, startable):
        """`startable`.Stop() is called at the end, last started first."""
        self._started.append(startable)
        return startable

    def LeaveRunning(self):
        """Neither stops what was started nor removes the folder."""
        self._started.clear()
        self._keep = True

    def __enter__(self):
        # So that Ctrl-C, a supervisor's SIGTERM and an error all leave through __exit__.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, kind, error, trace):
        failed = error is not None and not isinstance(error, KeyboardInterrupt) and not (
            isinstance(error, SystemExit) and not error.code)
        for startable in reversed(self._started):
            startable.Stop()
        if failed or self._keep:
            print(f"logs and data: {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        return False


def Skip(reason):
    """Ends the test as skipped, with its reason in the log."""
    print(f"NOT CHECKED: {reason}", file=sys.stderr)
    sys.exit(77)


def RunTest(body):
    """Runs one end-to-end test: `build/bin` is its first argument. Exit code 77 means skipped."""
    name = pathlib.Path(sys.argv[0]).stem
    try:
        with Workspace(f"axial-{name}") as workspace:
            body(workspace, pathlib.Path(sys.argv[1]).resolve())
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    print("passed")
