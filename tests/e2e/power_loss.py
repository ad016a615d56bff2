"""The end of the machine: with durability `instance`, what was acknowledged has its row again after the next start.

Rows of a Series that is open already are not synced; their files are. What the machine may take with it is played here
by putting back the index as it was after the first answer, with the gateway killed before it could close anything.
"""

import contextlib
import pathlib
import sqlite3
import types

import cstore_load
import harness
import nodes
from harness import Check, WaitFor

IMAGES = 40


def Copy(index, to):
    with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as source, \
            contextlib.closing(sqlite3.connect(to)) as target:
        source.backup(target)


def Rows(index):
    with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as rows:
        return {row[0]: row[1:] for row in rows.execute(
            "SELECT sop_instance_uid, path, bytes, digest, calling_ae_title, peer_address, revision FROM instance")}


def Body(workspace, binaries):
    nobody = types.SimpleNamespace(ae_title="NOBODY", dicom_port=harness.FreePort())
    gateway = workspace.Own(nodes.Gateway(workspace.folder / "axial", binaries, nobody))
    Check("durability: instance" in gateway.config.read_text(), "the configuration does not say its durability")
    gateway.Start()
    index = gateway.folder / "storage" / "axial.db"
    image = cstore_load.MakeImage(64, 64)
    association = cstore_load.Association(gateway.dicom_port, gateway.ae_title, image)
    association.Store()
    survivor = workspace.folder / "survivor.db"
    Copy(index, survivor)
    for _ in range(IMAGES - 1):
        association.Store()
    WaitFor("every acknowledged image to have its row", lambda: len(Rows(index)) == IMAGES, 60, [gateway.process])
    gateway.process.Kill()

    before = Rows(index)
    for file in (index, index.with_name("axial.db-wal"), index.with_name("axial.db-shm")):
        file.unlink(missing_ok=True)
    survivor.rename(index)
    Check(len(Rows(index)) == 1, "the copy of the index is not the one after the first answer")
    # One that was on its way: its name is there and not all of its bytes.
    whole = pathlib.Path(next(iter(before.values()))[0])
    halved = whole.with_name("2.25.1.0123456789abcdef.dcm")
    halved.write_bytes(whole.read_bytes()[:3000])

    gateway.Start()
    WaitFor("every acknowledged image to have its row", lambda: len(Rows(index)) >= IMAGES, 60, [gateway.process],
            describe=lambda: f"there are {len(Rows(index))} of {IMAGES}")
    after = Rows(index)
    differing = [(uid, before.get(uid), row) for uid, row in after.items() if row != before.get(uid)]
    Check(not differing and len(after) == IMAGES, f"{len(after)} rows of {IMAGES}; differing: {differing[:2]}")
    WaitFor("the study to close as one revision",
            lambda: (gateway.Study(image.StudyInstanceUID) or {}).get("revision_state") == "routed", 60,
            [gateway.process], describe=lambda: gateway.Study(image.StudyInstanceUID))
    study = gateway.Study(image.StudyInstanceUID)
    Check((study["revision"], study["instances"]) == (1, IMAGES), f"the study is not as it was sent: {study}")
    again = cstore_load.Association(gateway.dicom_port, gateway.ae_title, image, new_study=False)
    for uid in before:
        again.Store(uid)
    again.Release()
    Check(Rows(index) == before, "what came again is not known again")
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")
    print(f"{IMAGES} acknowledged, 1 row survived, {len(after)} rows after the start")


if __name__ == "__main__":
    harness.RunTest(Body)
