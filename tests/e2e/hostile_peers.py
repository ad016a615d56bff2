"""Every known way to be a bad peer at once against `axial serve`: a healthy storescu beside them is not held up, each case
is cut off, counted under its own name and logged once with the peer's name, and the gateway stays as it was.

  hostile_peers.py build/bin

Each bad peer comes from an address of its own and, where it associates, under a name of its own. Those that only wait are
cut off after the gateway's own deadlines (10 s for a request, 30 s for a PDU), which is how long this takes.
"""

import re
import struct
import subprocess
import threading

import harness
import nodes
import raw_peer
from harness import Check, Failure, WaitFor
from raw_peer import AssociationRequest, DataSet, Element, Fragment, Pdu, StoreCommand

PATIENCE = 150  # seconds for everything; the longest deadline of the gateway is 30 s, and machines are busy
INSTANCE_LIMIT = 8 << 20  # storage.max_instance of this run
MOST_MEMORY_MIB = 400
UID = "1.2.826.0.1.3680043.8.498.77"


def _wait_for_end(peer):
    while peer.Receive()[0] is not None:
        pass


def _drip(peer, pieces, over):
    """A piece every 50 ms, so that the connection is never quiet, until the other side has had enough."""
    for piece in pieces:
        if over.wait(0.05) or not peer.Send(piece):
            return
    _wait_for_end(peer)


def _endlessly(piece):
    while True:
        yield piece


def _nested(depth):
    return b"\x00\x40\x75\x02SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth


def _store(peer, tail, number):
    peer.Send(StoreCommand(f"{UID}.{number}"))
    data = DataSet(f"{UID}.{number}", tail)
    for at in range(0, len(data), 65536):
        peer.Send(Fragment(data[at:at + 65536], last=at + 65536 >= len(data)))
    kind, answer = peer.Receive()
    Check(kind == raw_peer.DATA and b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\xc0" in answer, f"{number}: not answered C000H")
    peer.Send(Pdu(raw_peer.RELEASE_REQUEST, bytes(4)))
    _wait_for_end(peer)


REQUEST = AssociationRequest("AXIAL", "BAD")
START = StoreCommand(f"{UID}.1")

# Without an Association: (name, fault, what the peer does). The gateway knows only the address.
STRANGERS = (
    ("silent client", "silent", lambda peer, over: _wait_for_end(peer)),
    ("half a request", "slow_request", lambda peer, over: (peer.Send(REQUEST[:80]), _wait_for_end(peer))),
    ("request byte by byte", "slow_request", lambda peer, over: _drip(peer, (REQUEST[i:i + 1] for i in range(150)), over)),
    ("closes at once", "closed_early", lambda peer, over: peer.Close()),
    ("unknown PDU type first", "not_dicom", lambda peer, over: (peer.Send(Pdu(0x42, b"abcd")), _wait_for_end(peer))),
    ("HTTP", "not_dicom", lambda peer, over: (peer.Send(b"GET / HTTP/1.1\r\n\r\n"), _wait_for_end(peer))),
    ("TLS", "tls_on_plain_port", lambda peer, over: (peer.Send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), _wait_for_end(peer))),
    ("request of 4 GB", "broken_request", lambda peer, over: (peer.Send(Pdu(1, b"x", 0xffffffff)), _wait_for_end(peer))),
    ("request with wrong lengths", "broken_request",
     lambda peer, over: (peer.Send(REQUEST[:76] + b"\x7f" + REQUEST[77:]), _wait_for_end(peer))),
)

# On an Association: the gateway knows the name, too.
PEERS = (
    ("UNKNOWN_PDU", "broken_pdu", lambda peer, over: (peer.Send(Pdu(0x42, b"abcd")), _wait_for_end(peer))),
    ("OVERSIZED_PDU", "broken_pdu", lambda peer, over: (peer.Send(Pdu(4, bytes(100), 0xfffffff0)), _wait_for_end(peer))),
    ("PDU_TOO_LONG", "broken_pdu", lambda peer, over: (peer.Send(Pdu(4, bytes(200000))), _wait_for_end(peer))),
    ("PDV_TOO_LONG", "broken_pdu",
     lambda peer, over: (peer.Send(Pdu(4, b"\x7f\xff\xff\xff\x01\x03abcd")), _wait_for_end(peer))),
    ("PDV_NO_LENGTH", "broken_pdu", lambda peer, over: (peer.Send(Pdu(4, b"\0\0\0\0\x01\x03abcd")), _wait_for_end(peer))),
    ("ABORTS", "aborted", lambda peer, over: (peer.Send(Pdu(raw_peer.ABORTED, bytes(4))), _wait_for_end(peer))),
    ("ABORTS_IN_DATA", "aborted",
     lambda peer, over: (peer.Send(START + Fragment(bytes(50)) + Pdu(raw_peer.ABORTED, bytes(4))), _wait_for_end(peer))),
    ("CUT_IN_PDU", "connection_lost", lambda peer, over: (peer.Send(START[:40]), peer.Close())),
    ("STOPS_IN_PDU", "stalled", lambda peer, over: (peer.Send(START[:40]), _wait_for_end(peer))),
    ("LORIS_PDU", "stalled", lambda peer, over: _drip(peer, (Fragment(bytes(60000))[i:i + 1] for i in range(60000)), over)),
    ("LORIS_PDV", "too_slow", lambda peer, over: (peer.Send(START), _drip(peer, _endlessly(Fragment(b"ab")), over))),
    ("ENDLESS_PDV", "too_large", lambda peer, over: (
        peer.Send(START + Fragment(DataSet(f"{UID}.1"))),
        all(peer.Send(Fragment(bytes(100000))) for _ in range(10 * INSTANCE_LIMIT // 100000)), _wait_for_end(peer))),
    ("RELEASE_CROSSED", "unexpected_pdu", lambda peer, over: (  # answers a release that nobody asked for
        peer.Send(Pdu(raw_peer.RELEASED, bytes(4)) + Pdu(raw_peer.RELEASE_REQUEST, bytes(4))), _wait_for_end(peer))),
    ("RELEASE_IN_DATA", "unexpected_pdu", lambda peer, over: (
        peer.Send(START + Fragment(bytes(50)) + Pdu(raw_peer.RELEASE_REQUEST, bytes(4))), _wait_for_end(peer))),
    ("SECOND_REQUEST", "unexpected_pdu", lambda peer, over: (peer.Send(REQUEST), _wait_for_end(peer))),
    ("DATA_FIRST", "broken_message", lambda peer, over: (peer.Send(Fragment(b"abcd", last=True)), _wait_for_end(peer))),
    ("NESTING_BOMB", "unreadable_instance", lambda peer, over: _store(peer, _nested(180000), 2)),
    ("HEADER_3_GB", "unreadable_instance", lambda peer, over: _store(peer, Element(0x42, 0x11, "OB", b"x", 3000000000), 3)),
    ("PIXELS_3_GB", "unreadable_instance", lambda peer, over: _store(peer, Element(0x7fe0, 0x10, "OW", b"x", 3000000000), 4)),
)
WAITING = ("silent", "slow_request", "stalled", "too_slow")  # these end by a deadline of the gateway


class Attack:
    """One bad peer on a thread of its own."""

    def __init__(self, gateway, number, name, act, associates, over):
        self.address = f"127.0.66.{number}"
        self.failure = None
        self._thread = threading.Thread(target=self._run, args=(gateway, name, act, associates, over))
        self._thread.start()

    def _run(self, gateway, name, act, associates, over):
        try:
            peer = raw_peer.Peer(gateway.dicom_port, self.address, PATIENCE)
            if associates:
                kind, _ = peer.Associate(gateway.ae_title, name)
                Check(kind == raw_peer.ACCEPTED, f"{name} was not accepted")
            act(peer, over)
            peer.Close()
        except Exception as failure:  # pylint: disable=broad-exception-caught
            self.failure = f"{name}: {failure!r}"

    def Join(self):
        self._thread.join()


def Faults(gateway):
    text = (harness.HttpGet(gateway.url + "/metrics") or b"").decode()
    return {name: int(float(count)) for name, count in
            re.findall(r'axial_receive_faults_total\{fault="(\w+)"\} (\S+)', text)}


def Expected():
    faults = [fault for _, fault, _ in STRANGERS + PEERS]
    return {fault: faults.count(fault) for fault in faults}


def CheckLog(gateway, addresses):
    """Each bad peer once, by its address and, where it has one, its name."""
    lines = gateway.process.log.read_text(errors="replace").splitlines()
    for (name, fault, _), address in addresses.items():
        said = [line for line in lines if f"fault={fault}" in line and f"address={address} " in line + " "]
        Check(len(said) == 1, f"{name} ({address}): {len(said)} lines in the log with fault={fault}: {said}")
        if name.isupper() and fault != "unreadable_instance" and name not in ("HTTP", "TLS"):
            Check(f"calling_ae_title={name}" in said[0], f"{name} is not named: {said[0]}")


def CheckStatus(gateway, binaries):
    """A name made to steer the terminal of whoever looks at it is shown, and steers nothing."""
    kind, _ = raw_peer.Peer(gateway.dicom_port).Associate(b"\x1b[2J\x9bhidden", "EVIL")
    Check(kind == raw_peer.REJECTED, "another called AE Title was accepted")
    done = subprocess.run([binaries / "axial", "status", "--config", gateway.config], capture_output=True, check=False, timeout=60)
    Check(done.returncode == 0 and b"\\x1b[2J\\x9bhidden" in done.stdout, f"axial status: {done.stdout} {done.stderr}")
    Check(not any(byte < 0x20 and byte != 0x0a or byte >= 0x7f for byte in done.stdout), f"axial status: {done.stdout}")


def CheckOverflow(gateway):
    """Rows x Columns x Number of Frames beyond 64 bits: bytes like any others to the gateway, which never decodes them;
    the worker says what is wrong with them, and lives."""
    def Us(number):
        return struct.pack("<H", number)
    uid = f"{UID}.9"
    digital_x_ray = "1.2.840.10008.5.1.4.1.1.1.1"
    pixels = (Element(0x28, 2, "US", Us(1)) + Element(0x28, 4, "CS", "MONOCHROME2") + Element(0x28, 8, "IS", "20000") +
              Element(0x28, 0x10, "US", Us(65535)) + Element(0x28, 0x11, "US", Us(65535)) +
              Element(0x28, 0x100, "US", Us(65535)) + Element(0x28, 0x101, "US", Us(16)) + Element(0x28, 0x102, "US", Us(15)) +
              Element(0x28, 0x103, "US", Us(0)) + Element(0x7fe0, 0x10, "OW", bytes(512)))
    peer = raw_peer.Peer(gateway.dicom_port)
    Check(peer.Associate(gateway.ae_title, "OVERFLOW", digital_x_ray)[0] == raw_peer.ACCEPTED, "OVERFLOW was not accepted")
    peer.Send(StoreCommand(uid, digital_x_ray) + Fragment(
        DataSet(uid, pixels, digital_x_ray, "DX", Element(0x18, 0x15, "CS", "CHEST")), last=True))
    kind, answer = peer.Receive()
    Check(kind == raw_peer.DATA and b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\x00" in answer, "OVERFLOW: not answered 0000H")
    peer.Send(Pdu(raw_peer.RELEASE_REQUEST, bytes(4)))
    peer.Receive()
    peer.Close()
    job, = gateway.WaitForJobs(f"{uid}.1", "failed")
    Check("Pixel Data has 512 bytes, but 65535 rows x 65535 columns" in nodes.ErrorOf(job) and job["attempt"] == 1,
          f"the job says: {nodes.ErrorOf(job)}, attempt {job['attempt']}")


def PeakMemoryMiB(gateway):
    status = open(f"/proc/{gateway.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) // 1024


def Test(workspace, binaries):
    folder = workspace.folder
    phantom = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "81", "--rows", "128", "--columns", "128", "--slices", "40")
    gateway = nodes.Gateway(folder / "axial", binaries, None, destinations={"pacs": {"kind": "folder", "path": str(folder / "out")}})
    gateway.config.write_text(gateway.config.read_text().replace(
        "durability: instance", f"durability: instance, max_instance: {INSTANCE_LIMIT >> 20} MiB"))
    workspace.Own(gateway)
    gateway.Start()
    WaitFor("the harness's own probe to be counted", lambda: Faults(gateway).get("closed_early") == 1, 30, [gateway.process])
    before = Faults(gateway)

    over = threading.Event()
    attacks = {}
    try:
        cases = [(case, False) for case in STRANGERS] + [(case, True) for case in PEERS]
        for number, (case, associates) in enumerate(cases, 1):
            attacks[case] = Attack(gateway, number, case[0], case[2], associates, over)
        nodes.SendAll(phantom.folder, gateway, folder / "storescu.log", len(phantom.files))
        meanwhile = Faults(gateway)
        Check(meanwhile["stalled"] == before["stalled"] and meanwhile["too_slow"] == before["too_slow"],
              f"storescu was held up until the others were cut off: {meanwhile}")

        def Counted():
            now = Faults(gateway)
            return {fault: now[fault] - before[fault] for fault in Expected()}
        WaitFor("every bad peer to be counted", lambda: Counted() == Expected(), PATIENCE, [gateway.process],
                describe=lambda: f"expected {Expected()}\n counted {Counted()}")
    finally:
        over.set()
        for attack in attacks.values():
            attack.Join()
    failures = [attack.failure for attack in attacks.values() if attack.failure]
    if failures:
        raise Failure("; ".join(failures))
    CheckLog(gateway, {case: attack.address for case, attack in attacks.items()})
    Check(not list((folder / "axial" / "storage" / "spool" / "incoming").iterdir()), "something half received is left")
    Check(PeakMemoryMiB(gateway) < MOST_MEMORY_MIB, f"{PeakMemoryMiB(gateway)} MiB of memory at most")
    gateway.WaitForJobs(phantom.study_uid, "delivered")
    nodes.SendAll(phantom.folder, gateway, folder / "storescu.log", len(phantom.files))
    CheckStatus(gateway, binaries)
    CheckOverflow(gateway)
    Check(gateway.Health().get("status") == "ok", f"not healthy afterwards: {gateway.Health()}")


harness.RunTest(Test)
