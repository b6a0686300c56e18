"""The Docker SDK's client, verifying an engine with the CA that it was given and no other."""

from typing import Any

import requests
from docker import APIClient


class TlsClient(APIClient):
    """`requests` prefers the CA of ``REQUESTS_CA_BUNDLE`` to a session's own (psf/requests#3829); this one does not."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """One request, verified as the session says."""
        kwargs.setdefault("verify", self.verify)
        return super().request(*args, **kwargs)
