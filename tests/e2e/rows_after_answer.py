"""kill -9 between the answer and the row: the next start gives every acknowledged image its row.

Arguments: binaries, durability, and where the gateway kills itself (AXIAL_CRASH_AT): `answered`, when it begins to
write rows of images that are answered already; `closed`, when it has closed a revision while images of it come in.
"""

import signal
import sys
import types

import cstore_load
import harness
import nodes
from harness import Check, WaitFor
from power_loss import Rows


COMPLETION = {"closed": {"completion": "{quiet: 1 s, after_release: 1 s, at_most: 1 s}"}}


def Body(workspace, binaries):
    durability, point = sys.argv[2:4]
    nobody = types.SimpleNamespace(ae_title="NOBODY", dicom_port=harness.FreePort())
    gateway = workspace.Own(nodes.Gateway(workspace.folder / "axial", binaries, nobody, **COMPLETION.get(point, {})))
    text = gateway.config.read_text()
    Check("durability: instance" in text, "the configuration does not say its durability")
    gateway.config.write_text(text.replace("durability: instance", f"durability: {durability}"))
    gateway.Start({"AXIAL_CRASH_AT": point})
    index = gateway.folder / "storage" / "axial.db"
    image = cstore_load.MakeImage(64, 64)
    association = cstore_load.Association(gateway.dicom_port, gateway.ae_title, image)
    acknowledged = []
    try:
        while len(acknowledged) < 20000:
            uid = cstore_load.NewUid()
            association.Store(uid)
            acknowledged.append(uid)
    except (cstore_load.ConnectionLost, OSError):
        pass
    WaitFor("axial to die", lambda: gateway.process.ExitCode() is not None, 60)
    Check(gateway.process.ExitCode() == -signal.SIGKILL,
          f"axial ended with {gateway.process.ExitCode()} instead of SIGKILL:\n{gateway.process.Tail()}")
    before = Rows(index)
    without = set(acknowledged) - set(before)
    Check(acknowledged and (point == "closed" or (without and len(before) == 1)),
          f"{len(acknowledged)} acknowledged, {len(before)} rows: not killed between the two")

    gateway.Start()  # has made them before any port answers
    lost = set(acknowledged) - set(Rows(index))
    Check(not lost, f"{len(lost)} of {len(acknowledged)} acknowledged images have no row, such as {sorted(lost)[:3]}")
    if point == "answered":
        CheckStudy(gateway, image, acknowledged)
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")
    print(f"{len(acknowledged)} acknowledged, {len(without)} of them without a row when it was killed; all are there")


def CheckStudy(gateway, image, acknowledged):
    """It is as it was sent, and knows what comes again."""
    again = cstore_load.Association(gateway.dicom_port, gateway.ae_title, image, new_study=False)
    for uid in acknowledged:
        again.Store(uid)
    again.Release()
    WaitFor("the study to close as one revision",
            lambda: (gateway.Study(image.StudyInstanceUID) or {}).get("revision_state") == "routed", 60,
            [gateway.process], describe=lambda: gateway.Study(image.StudyInstanceUID))
    study = gateway.Study(image.StudyInstanceUID)
    # One more may have its file: it was not answered any more.
    Check(study["revision"] == 1 and study["instances"] - len(acknowledged) in (0, 1) and study["conflicting_instances"] == 0,
          f"the study is not as it was sent: {len(acknowledged)} acknowledged, {study}")


harness.RunTest(Body)
