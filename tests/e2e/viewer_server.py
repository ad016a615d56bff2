"""Serves the OHIF viewer and, under the same origin, the DICOMweb interface of an Orthanc.

Usage: viewer_server.py DIST ORTHANC_URL PORT

DIST is the prebuilt viewer (build/peers/ohif/dist). Its own app-config.js, which points at a public demonstration
server, is replaced by one that knows this Orthanc alone. Listens on loopback only.
"""

import http.client
import http.server
import mimetypes
import pathlib
import sys
import urllib.parse

# The viewer as it comes, with this PACS as its data source. `singlepart` and the Accept header are what
# Orthanc 1.10's DICOMweb plugin answers to; it cannot search by included fields.
APP_CONFIG = """window.config = {
  routerBasename: '/',
  extensions: [],
  modes: [],
  showStudyList: true,
  maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  investigationalUseDialog: {option: 'never'},
  disableConfirmationPrompts: true,
  showErrorDetails: 'always',
  defaultDataSourceName: 'pacs',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
    sourceName: 'pacs',
    configuration: {
      friendlyName: 'Orthanc', name: 'pacs',
      wadoUriRoot: '/dicom-web', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
      qidoSupportsIncludeField: false, supportsReject: false, supportsFuzzyMatching: false, supportsWildcard: true,
      imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
      singlepart: 'bulkdata,pdf,video',
      acceptHeader: ['multipart/related; type=application/octet-stream; transfer-syntax=*'],
      bulkDataURI: {enabled: true, relativeResolution: 'studies'},
    },
  }],
};
"""

# Both belong to one connection, not to the message (RFC 9110, 7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".json": "application/json",
         ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8", ".woff2": "font/woff2"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path.startswith("/dicom-web/"):
            self._proxy()
        elif path == "/app-config.js":
            self._answer(APP_CONFIG.encode(), "text/javascript")
        elif path in ("/sw.js", "/init-service-worker.js"):
            self._answer(b"", "text/javascript")  # nothing is kept in the browser from one run to the next
        else:
            self._serve_file(path)

    def do_POST(self):
        self._proxy()

    def _serve_file(self, path):
        dist = self.server.dist
        file = (dist / urllib.parse.unquote(path).lstrip("/")).resolve()
        if not file.is_relative_to(dist) or not file.is_file():
            file = dist / "index.html"  # the viewer's own routes
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self._answer(file.read_bytes(), kind)

    def _answer(self, body, kind, status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _proxy(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        # Orthanc writes the URLs of bulk data with the host that it was asked for: this one.
        headers["Host"] = self.headers.get("Host", "")
        upstream = http.client.HTTPConnection(self.server.orthanc, timeout=120)
        try:
            upstream.request(self.command, self.path, body, headers)
            answer = upstream.getresponse()
            content = answer.read()
        except OSError as error:
            self._answer(f"the PACS does not answer: {error}".encode(), "text/plain", 502)
            return
        finally:
            upstream.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def Main():
    dist, orthanc, port = sys.argv[1:]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    server.daemon_threads = True
    server.dist = pathlib.Path(dist).resolve()
    server.orthanc = urllib.parse.urlsplit(orthanc).netloc
    server.serve_forever()


if __name__ == "__main__":
    Main()
