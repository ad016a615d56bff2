"""`axial serve` ends, saying which port is taken, before it takes an Association or begins a job."""

import socket
import types

import harness
import nodes
from harness import Check


def StartInVain(gateway, port, section):
    """Starts with `port` taken by somebody else."""
    log = gateway.folder / "axial.log"
    log.unlink(missing_ok=True)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        gateway.Start(wait=False)
        harness.WaitFor("axial to give up", lambda: gateway.process.ExitCode() is not None, 60)
    Check(gateway.process.ExitCode() == 1, f"exit code {gateway.process.ExitCode()}:\n{gateway.process.Tail()}")
    text = log.read_text()
    said = f"{section}: cannot listen on 127.0.0.1:{port}: Address already in use; "
    Check(said in text, f"the log does not say '{said}':\n{text}")
    return text


def Body(workspace, binaries):
    nobody = types.SimpleNamespace(ae_title="NOBODY", dicom_port=harness.FreePort())
    gateway = workspace.Own(nodes.Gateway(workspace.folder / "axial", binaries, nobody, (nodes.DX_RULE,)))
    text = StartInVain(gateway, gateway.http_port, "admin")
    Check("receiver_listens" not in text, f"it listened for Associations first:\n{text}")
    StartInVain(gateway, gateway.dicom_port, "node")
    gateway.Start()  # and nothing of the vain starts is left in the way


harness.RunTest(Body)
