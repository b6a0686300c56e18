"""A registry in the mood that a file names, for what Portus' background process makes of it. Runs in a container.

``python3 moody_registry.py FOLDER`` listens on port 5000, without TLS. ``FOLDER/mood`` holds ``well`` (any manifest
that is asked for is ``FOLDER/manifest``), a status (``401``, ``500``), ``garbage`` or ``nothing``.
"""

import hashlib
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_FOLDER = Path(sys.argv[1])
_NOTHING_SECONDS = 600


class _Registry(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        mood = (_FOLDER / "mood").read_text().strip()
        body = (_FOLDER / "manifest").read_bytes()
        status = 200
        if mood == "nothing":
            time.sleep(_NOTHING_SECONDS)
        elif mood == "garbage":
            body = b"\x89 this is no JSON"
        elif mood != "well":
            status, body = int(mood), b"{}"
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(body).hexdigest()}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_DELETE = _answer


if __name__ == "__main__":
    ThreadingHTTPServer(("", 5000), _Registry).serve_forever()
