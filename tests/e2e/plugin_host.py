"""Orthanc with Axial inside it: one shared library and one configuration section, and looks at what Axial has in its rows."""

import json
import pathlib
import sqlite3
import time

import harness
import nodes
from harness import Check, WaitFor

DX_RULE = {**nodes.DX_RULE, "send_to": ["here"]}
CT_RULE = {**nodes.ANY_CT_RULE, "send_to": ["here"]}
POSITION_KEPT = 3  # seconds; the plugin keeps its place in Orthanc's change log every two


class PluginHost:
    """An Orthanc that runs Axial, with all of Axial's keys in the section itself."""

    def __init__(self, workspace, name, binaries, rules=(DX_RULE,), section=None, settings=None, destinations=None):
        self.folder = workspace.folder / name
        self.storage = self.folder / "axial"
        self.section = {
            "storage": {"directory": str(self.storage), "reserve": "64 MiB"},
            "models": {"directory": str(harness.ROOT / "models")},
            "workers": {"processes": 1},
            "destinations": {"here": {"kind": "orthanc"}, **(destinations or {})},
            "rules": list(rules),
            **(section or {})}
        self.orthanc = workspace.Own(nodes.Orthanc(
            self.folder / "orthanc", own_plugins=[pathlib.Path(binaries) / "libAxialOrthanc.so"],
            own_settings={"Axial": self.section, **(settings or {})}))

    def Start(self, crash_at=None, throw_at=None):
        wanted = {"AXIAL_CRASH_AT": crash_at, "AXIAL_THROW_AT": throw_at}
        self.orthanc.Start(environment={name: point for name, point in wanted.items() if point})
        return self

    def Stop(self):
        self.orthanc.Stop()

    def Kill(self):
        self.orthanc.process.Kill()

    @property
    def process(self):
        return self.orthanc.process

    def Log(self):
        return (self.orthanc.folder / "orthanc.log").read_text(errors="replace")

    def Rows(self, sql, *values):
        """[] as long as there is no database."""
        path = self.storage / "axial.db"
        if not path.exists():
            return []
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def Jobs(self, study_uid=None):
        return [state for (state,) in self.Rows("SELECT state FROM job WHERE ?1 IS NULL OR study_uid = ?1 ORDER BY id", study_uid)]

    def WaitForResult(self, study_uid, modality="SR", seconds=240):
        WaitFor(f"the {modality} of study {study_uid} in Orthanc",
                lambda: self.orthanc.InstancesOf(study_uid, modality), seconds, [self.process])

    def WaitUntilHandled(self, seconds=60):
        """All that Orthanc has stored by now is handled."""
        last = self.orthanc.Get("/changes?last")["Last"]
        WaitFor(f"change {last} of Orthanc to be handled",
                lambda: self.Rows("SELECT 1 FROM host WHERE sequence >= ?", last), seconds, [self.process])

    def Ended(self, seconds=120):
        """Waits until the process has ended by itself."""
        deadline = time.monotonic() + seconds
        while self.process.ExitCode() is None:
            Check(time.monotonic() < deadline, f"Orthanc did not end:\n{self.process.Tail()}")
            time.sleep(0.05)
        return self.process.ExitCode()


def Dump(value):
    return json.dumps(value, indent=2)
