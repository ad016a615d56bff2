"""500 peers at once against node.max_associations: 256: as many as may be are served, the rest are told at once to come
again, and nobody waits in vain; also where the limit of open files is low, which is raised, or told of.

  many_associations.py build/bin
"""

import json
import os
import shutil
import subprocess
import threading
import time

import harness
import nodes
import raw_peer
from harness import Check, WaitFor

PEERS = 500
LIMIT = 256
LOCAL_LIMIT_EXCEEDED = bytes([0, 2, 3, 2])  # transient, by the presentation service provider (PS3.8 9.3.4)
SECONDS = 60  # for all answers, on a busy machine


def Start(workspace, binaries, name, *limited):
    """A gateway under `limited`, a command that runs another one."""
    gateway = nodes.Gateway(workspace.folder / name, binaries, None,
                              destinations={"pacs": {"kind": "folder", "path": str(workspace.folder / "out")}},
                              node={"max_associations": LIMIT})
    wrapper = workspace.folder / f"{name}.sh"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(limited)} {gateway.program} "$@"\n')
    wrapper.chmod(0o755)
    gateway.program = wrapper
    workspace.Own(gateway)
    gateway.Start()
    return gateway


class Crowd:
    """All at once, each on a thread of its own: who was accepted stays until Leave()."""

    def __init__(self, gateway):
        self.answers = [None] * PEERS
        self.seconds = [None] * PEERS
        self._peers = [None] * PEERS
        self._ready = threading.Barrier(PEERS)
        threads = [threading.Thread(target=self._ask, args=(gateway, number)) for number in range(PEERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, gateway, number):
        self._ready.wait()
        began = time.monotonic()
        try:
            self._peers[number] = peer = raw_peer.Peer(gateway.dicom_port, f"127.0.{77 + number // 200}.{number % 200 + 1}", SECONDS)
            self.answers[number] = peer.Associate(gateway.ae_title, f"PEER{number}")
        except OSError as error:
            self.answers[number] = (None, repr(error))
        self.seconds[number] = time.monotonic() - began

    def CheckAnswers(self, limit):
        accepted = sum(kind == raw_peer.ACCEPTED for kind, _ in self.answers)
        rejected = sum((kind, body) == (raw_peer.REJECTED, LOCAL_LIMIT_EXCEEDED) for kind, body in self.answers)
        others = [answer for answer in self.answers if answer[0] not in (raw_peer.ACCEPTED, raw_peer.REJECTED)]
        Check((accepted, rejected) == (limit, PEERS - limit),
              f"{accepted} accepted, {rejected} rejected for now; otherwise: {others[:5]}")
        print(f"{accepted} accepted, {rejected} rejected for now, the last answer after {max(self.seconds):.2f} s")

    def Leave(self):
        for peer, (kind, _) in zip(self._peers, self.answers):
            if kind == raw_peer.ACCEPTED:
                peer.Send(raw_peer.Pdu(raw_peer.RELEASE_REQUEST, bytes(4)))
                Check(peer.Receive()[0] == raw_peer.RELEASED, "a release was not answered")
            if peer:
                peer.Close()


def Status(gateway, binaries, *options):
    done = subprocess.run([binaries / "axial", "status", "--config", gateway.config, *options], capture_output=True,
                          text=True, check=False, timeout=60)
    Check(done.returncode == 0, f"axial status: exit code {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def CheckRaised(workspace, binaries):
    gateway = Start(workspace, binaries, "raised", "prlimit", "--nofile=256:4096")
    crowd = Crowd(gateway)
    crowd.CheckAnswers(LIMIT)
    status = json.loads(Status(gateway, binaries, "--json"))["associations"]
    Check((status["open"], status["max_associations"]) == (LIMIT, LIMIT), f"axial status says {status['open']} open")
    Check(status["refused"] and {row["reason"] for row in status["refused"]} == {"max_associations"}, "whom it refused")
    text = Status(gateway, binaries)
    Check(f"associations: {LIMIT} open of {LIMIT}" in text and f"max_associations: {2 * LIMIT}" in text, text)
    crowd.Leave()
    WaitFor("all to be gone", lambda: "associations: 0 open" in Status(gateway, binaries), SECONDS, [gateway.process])
    again = raw_peer.Peer(gateway.dicom_port)
    Check(again.Associate(gateway.ae_title, "AGAIN")[0] == raw_peer.ACCEPTED, "there is room again, but not for one more")
    again.Close()
    Check("open_file_limit_low" not in gateway.process.log.read_text(), "the limit was not raised")


def CheckTold(workspace, binaries):
    """A hard limit that cannot be raised; root may, so it gives that up first."""
    limited = ["prlimit", "--nofile=900:900"]
    if os.geteuid() == 0:
        Check(shutil.which("setpriv"), "setpriv (util-linux) is missing")
        limited += ["setpriv", "--bounding-set", "-sys_resource"]
    gateway = Start(workspace, binaries, "told", *limited)
    fits = json.loads(Status(gateway, binaries, "--json"))["associations"]["max_associations"]
    Check(0 < fits < LIMIT, f"{fits} Associations within 900 open files")
    crowd = Crowd(gateway)
    crowd.CheckAnswers(fits)
    crowd.Leave()
    log = gateway.process.log.read_text()
    Check("open_file_limit_low" in log and "LimitNOFILE=" in log and f"accepted_at_once={fits}" in log, "nobody is told")


def Test(workspace, binaries):
    CheckRaised(workspace, binaries)
    CheckTold(workspace, binaries)


harness.RunTest(Test)
