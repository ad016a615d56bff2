"""An Orthanc that has Axial inside, its own archive being where the results go; and HTTP with and without a password."""

import base64
import json
import urllib.error
import urllib.request

import harness


class OrthancWithAxial(harness.Orthanc):
    """`rules`, `models`: as those of harness.Gateway, which writes the configuration and is not started."""

    def __init__(self, folder, binaries, rules, user=None, settings=None, survives_us=False, **gateway):
        """`user`: (name, password); without one Orthanc asks nobody who he is."""
        yaml = folder / "axial" / "axial.yaml"
        self.user = user
        login = {"AuthenticationEnabled": True, "RegisteredUsers": dict([user])} if user else {}
        super().__init__(folder / "pacs", own_plugins=[binaries / "libAxialOrthanc.so"], survives_us=survives_us,
                         own_settings={"Axial": {"Configuration": str(yaml)}, **login, **(settings or {})})
        self.gateway = harness.Gateway(folder / "axial", binaries, self, rules, **gateway)

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

    def Download(self, instance, path):
        status, _, body = self.Ask("GET", f"/instances/{instance}/file", seconds=60)
        harness.Check(status == 200, f"Orthanc answered {status} for instance {instance}")
        path.write_bytes(body)
        return path

    def Study(self, study_uid):
        """What Axial knows of it, or None."""
        return self.Get(f"/axial/api/studies/{study_uid}")
