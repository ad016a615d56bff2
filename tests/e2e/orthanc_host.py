"""An Orthanc that has Axial inside, its own archive being where the results go; and HTTP with and without a password."""

import base64
import json
import time
import urllib.error
import urllib.request

import harness
import nodes


class AskedOrthanc(nodes.Orthanc):
    """An Orthanc whose answers are looked at whole."""

    def __init__(self, folder, user=None, own_settings=None, **orthanc):
        """`user`: (name, password); without one Orthanc asks nobody who he is."""
        self.user = user
        login = {"AuthenticationEnabled": True, "RegisteredUsers": dict([user])} if user else {}
        super().__init__(folder, own_settings={**login, **(own_settings or {})}, **orthanc)

    def Ready(self):
        return self.Ask("GET", "/system")[0] == 200

    def Ask(self, method, path, body=None, headers=None, user="ours", seconds=10):
        """(status, headers, body) of whatever answer there is."""
        request = urllib.request.Request(self.url + path, body, headers or {}, method=method)
        user = self.user if user == "ours" else user
        if user:
            request.add_header("Authorization", "Basic " + base64.b64encode(":".join(user).encode()).decode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=seconds) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()
        except (urllib.error.URLError, OSError) as error:
            return None, {}, str(error).encode()

    def Get(self, path):
        status, _, body = self.Ask("GET", path)
        return json.loads(body) if status == 200 else None

    def Upload(self, files, way):
        """`way`: "rest" or "stow". Returns a nodes.Sent; what is no DICOM is refused, and Failure when nothing is taken."""
        sent = nodes.Sent()
        for file in files:
            content = file.read_bytes()
            if way == "rest":
                status, _, answer = self.Ask("POST", "/instances", content, seconds=60)
            else:
                body = b"--limit\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--limit--\r\n"
                status, _, answer = self.Ask("POST", "/dicom-web/studies", body, {
                    "Content-Type": 'multipart/related; type="application/dicom"; boundary=limit',
                    "Accept": "application/dicom+json"}, seconds=60)
            sent.last_response_at = time.time()
            sent.succeeded, sent.failed = (sent.succeeded + 1, sent.failed) if status == 200 else (sent.succeeded, sent.failed + 1)
        harness.Check(sent.succeeded, f"Orthanc took none of {sent.failed} files; the last answer: {answer[:300]!r}")
        return sent

    def Download(self, instance, path):
        status, _, body = self.Ask("GET", f"/instances/{instance}/file", seconds=60)
        harness.Check(status == 200, f"Orthanc answered {status} for instance {instance}")
        path.write_bytes(body)
        return path


class OrthancWithAxial(AskedOrthanc):
    """`rules`, `models`: as those of nodes.Gateway, which writes the configuration and is not started."""

    def __init__(self, folder, binaries, rules, user=None, settings=None, survives_us=False, **gateway):
        super().__init__(folder / "pacs", user, own_plugins=[binaries / "libAxialOrthanc.so"], survives_us=survives_us,
                         own_settings={"Axial": {"Configuration": str(folder / "axial" / "axial.yaml")}, **(settings or {})})
        self.gateway = nodes.Gateway(folder / "axial", binaries, self, rules, **gateway)

    def Study(self, study_uid):
        """What Axial knows of it, or None."""
        return self.Get(f"/axial/api/studies/{study_uid}")


class GatewayInside:
    """What the demo asks of a gateway, of the one inside an OrthancWithAxial, which starts and ends with it."""

    def __init__(self, orthanc):
        self.orthanc = orthanc
        self.url = orthanc.url + "/axial"

    @property
    def process(self):
        return self.orthanc.process

    def Stop(self):
        pass

    def Study(self, study_uid):
        return self.orthanc.Study(study_uid)
