"""kill -9 at random instants while modalities send: what was acknowledged is there, byte for byte, and nothing else is.

  kill_receive.py build/bin [rounds] [seed]

Each round kills the gateway at an instant of its own under the load of several Associations, some rounds also while it
starts again, and then reads index and spool. Durability takes turns: a killed process loses nothing that it wrote, so
both must keep every promise (what `association` may lose is the machine's power). The test runs few rounds; by hand,
200 take some minutes.
"""

import contextlib
import hashlib
import pathlib
import random
import sqlite3
import sys
import threading
import time
import types

import cstore_load
import harness
import nodes
from content_digest import ContentDigest
from harness import Check

ASSOCIATIONS = ((64, 4), (256, 2))  # (rows and columns of the images, how many Associations send them)
LONGEST_LOAD = 1.2  # seconds between the first answer and the kill
LONGEST_START = 0.3  # seconds of a start that is killed, too
EXPLICIT_LITTLE_META_LENGTH = 12  # File Meta Information Group Length: its element


class Modality:
    """Sends one Instance after another until the gateway dies, keeps what was promised, and sends again what was not."""

    def __init__(self, rows):
        self._image = cstore_load.MakeImage(rows, rows)
        self.acknowledged = {}  # SOP Instance UID: digest of the data set
        self.unanswered = {}  # the same of the one that a kill cut off
        self.all_sent = {}
        self.fault = None

    def SendUntilCut(self, gateway, answered):
        try:
            if self.unanswered:
                again = cstore_load.Association(gateway.dicom_port, gateway.ae_title, self._image, new_study=False)
                self._store(again, next(iter(self.unanswered)))
                again.Release()
            association = cstore_load.Association(gateway.dicom_port, gateway.ae_title, self._image)
            while True:
                self._store(association, cstore_load.NewUid())
                answered.set()
        except (OSError, cstore_load.ConnectionLost):
            pass  # the kill
        except Exception as fault:  # pylint: disable=broad-exception-caught
            self.fault = fault
            answered.set()

    def _store(self, association, uid):
        digest = hashlib.sha256(association.DataSetOf(uid)).hexdigest()
        self.unanswered = {uid: digest}
        self.all_sent[uid] = digest
        association.Store(uid)
        self.acknowledged[uid] = digest
        self.unanswered = {}


def DataSetDigest(file):
    """Of what follows the File Meta Information, whose length its first element says (PS3.10 7.1)."""
    content = file.read_bytes()
    Check(content[128:132] == b"DICM", f"{file} is no DICOM file ({len(content)} bytes)")
    at = 132 + EXPLICIT_LITTLE_META_LENGTH
    return hashlib.sha256(content[at + int.from_bytes(content[at - 4:at], "little"):]).hexdigest(), content


def CheckSpool(gateway, modalities, known):
    """Index and spool against what was sent. `known`: files that an earlier round read; this one's are added."""
    acknowledged, sent, unanswered = (Merge(modalities, name) for name in ("acknowledged", "all_sent", "unanswered"))
    storage = gateway.folder / "storage"
    with contextlib.closing(sqlite3.connect(f"file:{storage / 'axial.db'}?mode=ro", uri=True)) as index:
        broken = index.execute("PRAGMA quick_check").fetchall()
        rows = index.execute("SELECT sop_instance_uid, path, bytes, digest FROM instance").fetchall()
    Check(broken == [("ok",)], f"the index is damaged: {broken}")
    lost = set(acknowledged) - {row[0] for row in rows}
    Check(not lost, f"{len(lost)} acknowledged Instances are not in the index, such as {sorted(lost)[:3]}")
    Check(len(rows) == len({row[0] for row in rows}), "an Instance is in the index twice")
    for uid, path, size, digest in rows:
        Check(uid in sent, f"{uid} is in the index and was never sent")
        if path in known:
            continue
        data_set, content = DataSetDigest(pathlib.Path(path))
        Check(data_set == sent[uid], f"{path} has other bytes than were sent")
        Check((len(content), ContentDigest(content)) == (size, digest), f"the index is wrong about {path}")
        known.add(path)
    unfinished = list((storage / "spool" / "incoming").iterdir())
    Check(not unfinished, f"unfinished files outlive a start: {unfinished}")
    unindexed = [file for file in (storage / "spool").glob("*/*.dcm") if str(file) not in known]
    for file in unindexed:
        Check(DataSetDigest(file)[0] in unanswered.values(), f"{file} has no row and is half-written or was answered")
    return (f"of all rounds {len(acknowledged)} acknowledged, {len(rows)} in the index; {len(unanswered)} cut off, "
            f"{len(unindexed)} of them whole files without a row")


def KillUnderLoad(gateway, modalities, chance):
    """Lets all send and kills the gateway some time after the first answer. Returns that time."""
    answered = threading.Event()
    senders = [threading.Thread(target=modality.SendUntilCut, args=(gateway, answered)) for modality in modalities]
    for sender in senders:
        sender.start()
    Check(answered.wait(60), "no Instance was answered within 60 s")
    instant = chance.uniform(0, LONGEST_LOAD)
    time.sleep(instant)  # the random instant itself
    gateway.process.CheckAlive()
    gateway.process.Kill()
    for sender in senders:
        sender.join(60)
        Check(not sender.is_alive(), "a modality hangs although the gateway is dead")
    for modality in modalities:
        Check(modality.fault is None, f"a modality was answered wrongly before the kill: {modality.fault}")
    return instant


def KillWhileStarting(gateway, chance):
    gateway.Start(wait=False)
    time.sleep(chance.uniform(0, LONGEST_START))
    gateway.process.Kill()


def Merge(modalities, name):
    return {uid: digest for modality in modalities for uid, digest in getattr(modality, name).items()}


def Body(workspace, binaries):
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(10**6)
    print(f"{rounds} rounds, seed {seed}", flush=True)
    chance = random.Random(seed)
    nobody = types.SimpleNamespace(ae_title="NOBODY", dicom_port=harness.FreePort())
    gateway = workspace.Own(nodes.Gateway(workspace.folder / "axial", binaries, nobody))
    instance_level = gateway.config.read_text()
    Check("durability: instance" in instance_level, "the configuration does not say its durability")
    modalities = [Modality(rows) for rows, count in ASSOCIATIONS for _ in range(count)]
    known = set()
    gateway.Start()
    for number in range(1, rounds + 1):
        instant = KillUnderLoad(gateway, modalities, chance)
        if number % 3 == 0:
            KillWhileStarting(gateway, chance)
        durability = ("instance", "association")[number % 2]
        gateway.config.write_text(instance_level.replace("durability: instance", f"durability: {durability}"))
        gateway.Start()
        print(f"round {number}: killed {instant:.3f} s after the first answer; {CheckSpool(gateway, modalities, known)}",
              flush=True)
    count = len(Merge(modalities, "acknowledged"))
    Check(count >= rounds * len(modalities), f"only {count} Instances were acknowledged: no load")
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")
    CheckSpool(gateway, modalities, set())  # once more all of them: no later start harmed an earlier file


harness.RunTest(Body)
