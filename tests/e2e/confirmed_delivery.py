"""Results are confirmed by proof, at other makers' archives: Orthanc commits to what it got (on an Association of its own),
Orthanc behind TLS and a password is asked by QIDO-RS, dcmqrscp by C-FIND, and storescp can only be believed."""

import subprocess

import archives
import harness
import nodes
from harness import Check, FreePort, Process, WaitFor

SMALL = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")
RULE = {**nodes.CT_RULE, "send_to": ["commits", "secure", "searched", "believed"]}


class SecureOrthanc(nodes.Orthanc):
    """Orthanc that wants a user, behind TLS (of its own, Debian 12's Orthanc dies of the first connection)."""

    ae_title = "SECURE"

    def __init__(self, folder, certificate, **settings):
        super().__init__(folder, own_settings={"AuthenticationEnabled": True, **settings})
        self.certificate = certificate
        self.https_port = FreePort()
        self.proxy = None

    def Ready(self):
        return harness.TcpAnswers(self.http_port) and harness.TcpAnswers(self.dicom_port)

    def Start(self):
        super().Start()
        self.proxy = Process("the TLS proxy", ["/usr/bin/python3", "-B", harness.ROOT / "tests/e2e/tls_proxy.py", self.https_port,
                                               self.http_port, self.certificate], self.folder / "proxy.log")
        WaitFor("the TLS proxy to answer", lambda: harness.TcpAnswers(self.https_port), 60, [self.proxy])

    def Stop(self):
        if self.proxy:
            self.proxy.Stop()
        super().Stop()


class StoreScp:
    ae_title = "STORESCP"

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()
        self.dicom_port = FreePort()
        self.process = None

    def Start(self):
        self.process = Process("storescp", ["storescp", "-od", self.folder, "-aet", self.ae_title, self.dicom_port],
                               self.folder.parent / "storescp.log", {"TCP_NODELAY": "1"})
        WaitFor("storescp to answer", lambda: harness.TcpAnswers(self.dicom_port), 60, [self.process])

    def Stop(self):
        if self.process:
            self.process.Stop()


def Certificates(folder):
    """An authority (ca.pem) and the certificate of Orthanc's proxy with its key (server.pem), for 127.0.0.1."""
    folder.mkdir()
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for command in (
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem",
            "req -newkey rsa:2048 -nodes -subj /CN=orthanc -keyout server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt"):
        made = subprocess.run(["openssl", *command.split()], cwd=folder, capture_output=True, text=True, check=False)
        Check(made.returncode == 0, f"openssl {command}: {made.stderr}")
    (folder / "server.pem").write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())
    return folder


def Dicom(peer, **more):
    return {"kind": "dicom", "ae_title": peer.ae_title, "host": "127.0.0.1", "port": peer.dicom_port, **more}


def Body(workspace, binaries):
    folder = workspace.folder
    certificates = Certificates(folder / "certificates")
    (folder / "password").write_text("sesame\n")
    commits = workspace.Own(nodes.Orthanc(folder / "commits"))
    secure = workspace.Own(SecureOrthanc(folder / "secure", certificates / "server.pem",
                                         RegisteredUsers={"axial": "sesame"}, DicomAlwaysAllowFind=True))
    (folder / "searched").mkdir()
    searched = workspace.Own(archives.Dcmqrscp(folder / "searched", ["SEARCHED"]))
    believed = workspace.Own(StoreScp(folder / "believed"))
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, None, (RULE,), destinations={
        "commits": Dicom(commits, storage_commitment=True),
        "secure": {"kind": "stow", "url": f"https://127.0.0.1:{secure.https_port}/dicom-web",
                   "tls": {"trusted": str(certificates / "ca.pem")},
                   "credentials": {"user": "axial", "password_file": str(folder / "password")}},
        "searched": Dicom(searched.areas[0]),
        "believed": Dicom(believed)}))
    # It answers where its configuration says that AXIAL listens.
    commits.own_settings["DicomModalities"] = {"axial": [gateway.ae_title, "127.0.0.1", gateway.dicom_port]}
    for server in (commits, secure, searched, believed, gateway):
        server.Start()

    phantom = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "61", *SMALL)
    nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
    gateway.WaitForJobs(phantom.study_uid, "delivered")
    study = gateway.Study(phantom.study_uid)
    proofs = {}
    for delivery in study["deliveries"]:
        Check(delivery["state"] == "confirmed", f"not confirmed: {delivery}")
        proofs.setdefault(delivery["destination"], set()).add(delivery["confirmed_by"])
    print(f"confirmed by: {proofs}")
    Check(proofs == {"commits": {"storage_commitment"}, "secure": {"query"}, "searched": {"query"},
                     "believed": {"status"}}, f"confirmed by: {proofs}")
    Check(len(commits.InstancesOf(phantom.study_uid, "SEG")) == 1, "Orthanc committed to a SEG that it does not have")
    found = archives.Find(secure, "STUDY", folder / "find", StudyInstanceUID=phantom.study_uid,
                          NumberOfStudyRelatedInstances="")
    Check([int(match.NumberOfStudyRelatedInstances) for match in found] == [2], f"Orthanc behind TLS has {found}")
    for destination in harness.HttpGetJson(gateway.url + "/api/destinations")["destinations"]:
        Check(destination["state"] == "ok" and destination["owed"] == 0, f"{destination}")
    Check(gateway.Health()["status"] == "ok", f"/healthz: {gateway.Health()}")


harness.RunTest(Body)
