"""DICOM TLS both ways with Orthanc and, behind a proxy that ends TLS, DCMTK's dcmqrscp; both ask for certificates: results are stored over TLS; proven
by Storage Commitment, which Orthanc answers over TLS to Axial's TLS port, and by C-FIND over TLS; and Orthanc's own Storage
Commitment request is answered by Axial on an Association that it opens over TLS."""

import pathlib
import subprocess

import pydicom

import harness
import nodes
from harness import Check, FreePort, HttpGetJson, HttpPostJson, Process, WaitFor

SMALL = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")


def MakeCertificates(folder, *names):
    """ca.pem, and <name>.pem with <name>.key for 127.0.0.1."""
    folder.mkdir()
    def OpenSsl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    OpenSsl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=Authority of the test")
    for name in names:
        OpenSsl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        OpenSsl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "names", "-out", f"{name}.pem")
    return folder


def Files(folder, name):
    return {"trusted": str(folder / "ca.pem"), "certificate": str(folder / f"{name}.pem"), "key": str(folder / f"{name}.key")}


class SecureArchive:
    """dcmqrscp, which speaks no TLS in DCMTK 3.6.7, behind a proxy that does and asks for a certificate."""

    def __init__(self, folder, certificates):
        self.folder, self.port, self._plain_port = folder, FreePort(), FreePort()
        (folder / "ARCHIVE").mkdir(parents=True)
        (folder / "dcmqrscp.cfg").write_text("\n".join([
            "MaxPDUSize = 131072", "MaxAssociations = 16", "HostTable BEGIN", "HostTable END", "VendorTable BEGIN",
            "VendorTable END", "AETable BEGIN", f"ARCHIVE {folder / 'ARCHIVE'} RW (200, 1024mb) ANY", "AETable END"]) + "\n")
        files = Files(certificates, "archive")
        self._trusted = files["trusted"]
        (folder / "certificate_and_key.pem").write_bytes(
            b"".join(pathlib.Path(files[kind]).read_bytes() for kind in ("certificate", "key")))

    def Start(self):
        self.process = Process("dcmqrscp", ["dcmqrscp", "-v", "-c", self.folder / "dcmqrscp.cfg", self._plain_port],
                               self.folder / "dcmqrscp.log", {"TCP_NODELAY": "1"})
        WaitFor("dcmqrscp to answer", lambda: harness.TcpAnswers(self._plain_port), 60, [self.process])
        self.proxy = Process("the TLS proxy", ["/usr/bin/python3", "-B", harness.ROOT / "tests/e2e/tls_proxy.py", self.port,
                                               self._plain_port, self.folder / "certificate_and_key.pem", self._trusted],
                             self.folder / "proxy.log")
        WaitFor("the TLS proxy to answer", lambda: harness.TcpAnswers(self.port), 60, [self.proxy])

    def Stop(self):
        for process in (self.proxy, self.process):
            process.Stop()


def SecureOrthanc(folder, certificates, settings):
    files = Files(certificates, "orthanc")
    settings.update({"DicomTlsEnabled": True, "DicomTlsCertificate": files["certificate"],
                     "DicomTlsPrivateKey": files["key"], "DicomTlsTrustedCertificates": files["trusted"]})
    return nodes.Orthanc(folder, own_settings=settings)


def Body(workspace, binaries):
    certificates = MakeCertificates(workspace.folder / "certificates", "axial", "orthanc", "archive", "ct")
    settings = {}
    orthanc = workspace.Own(SecureOrthanc(workspace.folder / "pacs", certificates, settings))
    archive = workspace.Own(SecureArchive(workspace.folder / "archive", certificates))
    own = Files(certificates, "axial")
    gateway = workspace.Own(nodes.Gateway(
        workspace.folder / "axial", binaries, None, [{**nodes.CT_RULE, "send_to": ["pacs", "archive"]}],
        destinations={
            "pacs": {"kind": "dicom", "ae_title": "ORTHANC", "host": "127.0.0.1", "port": orthanc.dicom_port, "tls": own,
                     "storage_commitment": True},
            "archive": {"kind": "dicom", "ae_title": "ARCHIVE", "host": "127.0.0.1", "port": archive.port, "tls": own}},
        node={"tls": own, "peers": [{"ae_title": "STORESCU"}, {"ae_title": "ORTHANC", "storage_commitment": {
            "port": orthanc.dicom_port, "association": "new", "tls": own}}]}))
    settings["DicomModalities"] = {"axial": {"AET": gateway.ae_title, "Host": "127.0.0.1", "Port": gateway.dicom_port,
                                             "AllowStorageCommitment": True, "UseDicomTls": True}}
    orthanc.Start()
    archive.Start()
    gateway.Start()
    checked = subprocess.run([binaries / "axial", "check", "--config", gateway.config], capture_output=True, text=True)
    Check(checked.returncode == 0, f"axial check: {checked.stdout}")

    phantom = nodes.Phantom(binaries, workspace.folder / "ct", "ct", "--seed", "61", *SMALL)
    files = Files(certificates, "ct")
    sent = subprocess.run(["storescu", "+tls", files["key"], files["certificate"], "+cf", files["trusted"], "-xs", "-aec",
                           gateway.ae_title, "127.0.0.1", str(gateway.dicom_port), *map(str, phantom.files)],
                          capture_output=True, text=True, timeout=120)
    Check(sent.returncode == 0, f"storescu over TLS: {sent.stderr[-1000:]}")
    gateway.WaitForJobs(phantom.study_uid, "delivered")
    proofs = {(row["destination"], row["confirmed_by"]) for row in gateway.Study(phantom.study_uid)["deliveries"]}
    Check(proofs == {("pacs", "storage_commitment"), ("archive", "query")}, f"confirmed by {proofs}")
    for name in ("pacs", "archive"):
        echo = HttpPostJson(f"{gateway.url}/api/destinations/{name}/echo", {})
        Check(echo.get("ok", True), f"C-ECHO to {name}: {echo}")

    first = pydicom.dcmread(phantom.files[0], stop_before_pixels=True)
    asked = HttpPostJson(f"{orthanc.url}/modalities/axial/storage-commitment", {"DicomInstances": [
        {"SOPClassUID": str(first.SOPClassUID), "SOPInstanceUID": str(first.SOPInstanceUID)}]})["ID"]
    WaitFor("Orthanc to be told over TLS",
            lambda: (orthanc.Get(f"/storage-commitment/{asked}") or {}).get("Status") == "Success", 60,
            [orthanc.process, gateway.process],
            describe=lambda: f"{orthanc.Get(f'/storage-commitment/{asked}')} "
                             f"{HttpGetJson(gateway.url + '/api/commitments')}")
    told = HttpGetJson(gateway.url + "/api/commitments")["commitments"][0]
    Check(told["told_on"] == "new_association", f"{told}")
    print(f"results proven by {sorted(proofs)}; Orthanc told on a {told['told_on']}")
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")


harness.RunTest(Body)
