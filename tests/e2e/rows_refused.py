"""Somebody else locks the index: what was answered is kept, new images are refused for now, /healthz says why, nothing is lost."""

import contextlib
import sqlite3
import types

import cstore_load
import harness
import nodes
from harness import Check, WaitFor
from power_loss import Rows


def Body(workspace, binaries):
    nobody = types.SimpleNamespace(ae_title="NOBODY", dicom_port=harness.FreePort())
    gateway = workspace.Own(nodes.Gateway(workspace.folder / "axial", binaries, nobody))
    gateway.Start()
    index = gateway.folder / "storage" / "axial.db"
    image = cstore_load.MakeImage(64, 64)
    association = cstore_load.Association(gateway.dicom_port, gateway.ae_title, image)
    acknowledged = [cstore_load.NewUid() for _ in range(50)]
    association.Store(acknowledged[0])  # its Series is open: rows of the others may come later
    with contextlib.closing(sqlite3.connect(index, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        for uid in acknowledged[1:]:
            association.Store(uid)
        health = WaitFor("/healthz to say that rows cannot be written",
                         lambda: (health := gateway.Health()).get("http_status") == 503 and health, 60, [gateway.process])
        print(f"/healthz: {health['reasons']}")
        Check(any(reason.startswith("database: ") and all(text in reason for text in (
            "locked", "new Instances are refused", "safe in the spool")) for reason in health["reasons"]),
              f"/healthz does not say that the database is locked, and what becomes of images: {health}")
        try:
            association.Store()
        except RuntimeError as error:
            Check("A700H" in str(error), f"not refused for now: {error}")
        else:
            raise harness.Failure("an image was accepted that nobody could give a row")
        Check(len(Rows(index)) == 1, "a row was written in spite of the lock")
        other.execute("ROLLBACK")
    WaitFor("/healthz to be content again", lambda: gateway.Health().get("status") == "ok", 60, [gateway.process])
    acknowledged.append(cstore_load.NewUid())
    association.Store(acknowledged[-1])
    association.Release()
    WaitFor("every acknowledged image to have its row", lambda: set(Rows(index)) == set(acknowledged), 30, [gateway.process],
            describe=lambda: f"{len(acknowledged)} acknowledged, {len(Rows(index))} rows")
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")


harness.RunTest(Body)
