"""A changed configuration file is live without a restart; one that `axial check` refuses changes nothing."""

import types

import harness
import nodes
from harness import Check, WaitFor


def RuleNames(gateway):
    answer = harness.HttpGetJson(gateway.url + "/api/rules")
    rules = answer["rules"] if isinstance(answer, dict) else answer
    return [rule["name"] for rule in rules]


def Body(workspace, binaries):
    nobody = types.SimpleNamespace(ae_title="NOBODY", dicom_port=harness.FreePort())
    gateway = workspace.Own(nodes.Gateway(workspace.folder / "axial", binaries, nobody, (nodes.DX_RULE,)))
    gateway.Start()
    log = gateway.folder / "axial.log"
    right = gateway.config.read_text()
    before = RuleNames(gateway)

    gateway.config.write_text(right.replace(nodes.DX_RULE["run"], "no-such-model"))
    WaitFor("the refusal in the log", lambda: "configuration_refused" in log.read_text(), 30, [gateway.process])
    Check("no-such-model" in log.read_text(), "the log does not name the missing model")
    Check(RuleNames(gateway) == before, f"the refused rules are in force: {RuleNames(gateway)}")

    gateway.config.write_text(right.replace(nodes.DX_RULE["name"], "Renamed while running"))
    WaitFor("the new rule", lambda: RuleNames(gateway) == ["Renamed while running"], 30, [gateway.process])


harness.RunTest(Body)
