"""How Portus talks to its registry: as the hidden user, with a token from the realm like any other client.

Sources: SUSE/Portus lib/portus/{registry_client,http_helpers,errors}.rb.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TypedDict, cast
from urllib.parse import urljoin

import requests

from .accounts import PORTUS_USER
from .manifests import DOCKER_MANIFEST, TYPES, image_id
from .options import Options
from .releases import mended

#: What update-ca-certificates writes at the start: public roots and what /certificates holds.
CA_BUNDLE = os.environ.get("SSL_CERT_FILE", "/var/lib/ca-certificates/ca-bundle.pem")
_OK, _ACCEPTED, _UNAUTHORIZED, _NOT_FOUND, _NOT_ALLOWED = 200, 202, 401, 404, 405
#: How long the registry may be silent with the patch `background_survival` while events wait.
_MENDED_SECONDS = 10
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class RegistryError(Exception):
    """The registry, or the token service on the way to it, did not do what was asked."""


class RequestError(RegistryError):
    """Nothing answered, or nothing that could be understood (Portus::RequestError)."""


class NotFoundError(RegistryError):
    """404 (Portus::Errors::NotFoundError)."""


class ManifestError(RegistryError):
    """Another answer than 200 and 404 to the question for a manifest (RegistryClient::ManifestError)."""


class UnexpectedAnswerError(RegistryError):
    """Another answer than those that are known to other questions (RegistryClient::RegistryError)."""


class AuthorizationError(RegistryError):
    """The realm gave no token, or there is no realm (Errors::AuthorizationError, NoBearerRealmException)."""


class CatalogEntry(TypedDict):
    """A repository of the registry's catalog with its tags."""

    name: str
    tags: list[str]


@dataclass(frozen=True)
class Manifest:
    """What Portus keeps of a manifest."""

    image_id: str
    digest: str


class RegistryClient:
    """Requests to one registry."""

    def __init__(self, hostname: str, use_ssl: bool, portus_password: str, options: Options) -> None:
        self._base = f"{'https' if use_ssl else 'http'}://{hostname}/v2/"
        self._password = portus_password
        patience = options.integer("registry.read_timeout.value")
        patience = min(patience, _MENDED_SECONDS) if mended("background_survival") else patience
        self._timeout = (options.integer("registry.timeout.value"), patience)
        self._page = options.integer("registry.catalog_page.value")
        self._token: str | None = None
        self._http = requests.Session()
        self._http.verify = CA_BUNDLE
        self._http.trust_env = False

    def reachable(self) -> bool:
        """Whether it answers like a registry of API version 2. Raises RegistryError when it does not answer."""
        answer = self._send("GET", self._base)
        return "Docker-Distribution-Api-Version" in answer.headers and answer.status_code in (_OK, _UNAUTHORIZED)

    def manifest(self, repository: str, reference: str) -> Manifest:
        """A manifest by tag or digest. Raises RegistryError."""
        try:
            content, digest = self._manifest(repository, reference)
            if mended("oci_manifests"):
                return Manifest(image_id(content, lambda part: self._manifest(repository, part)[0]), digest)
            config = content.get("config") or {}
            return Manifest(str(cast("dict[str, str]", config).get("digest", "")).partition(":")[2], digest)
        except (RequestError, NotFoundError, ManifestError):
            raise
        except (RegistryError, ValueError, AttributeError) as error:
            # A refusal of the realm, or what is no JSON: Portus' callers do not know it.
            if mended("background_survival"):
                raise ManifestError(f"manifest of {repository}:{reference}: {error!r}") from error
            raise

    def digest(self, repository: str, reference: str) -> str:
        """The digest of what is there now. Raises RegistryError."""
        return self.manifest(repository, reference).digest

    def _manifest(self, repository: str, reference: str) -> tuple[dict[str, object], str]:
        answer = self._request("GET", f"{repository}/manifests/{reference}")
        if answer.status_code != _OK:
            kind = NotFoundError if answer.status_code == _NOT_FOUND else ManifestError
            raise kind(f"manifest of {repository}:{reference}: [{answer.status_code}] {answer.text[:300]}")
        return answer.json(), answer.headers.get("Docker-Content-Digest", "")

    def tags(self, repository: str) -> list[str]:
        """All tags of a repository. Raises RegistryError."""
        return self._pages(f"{repository}/tags/list", "tags")

    def catalog(self) -> list[CatalogEntry]:
        """All repositories with their tags. Raises RegistryError."""
        entries: list[CatalogEntry] = []
        for name in self._pages("_catalog", "repositories"):
            try:
                entries.append({"name": name, "tags": self.tags(name)})
            except (RequestError, NotFoundError, UnexpectedAnswerError):
                entries.append({"name": name, "tags": []})
        return entries

    def delete_manifest(self, repository: str, digest: str) -> None:
        """Delete a manifest, and with it every tag that points to it. Raises RegistryError."""
        answer = self._request("DELETE", f"{repository}/manifests/{digest}")
        if answer.status_code != _ACCEPTED:
            kind = NotFoundError if answer.status_code in (_NOT_FOUND, _NOT_ALLOWED) else UnexpectedAnswerError
            raise kind(f"deleting {repository}@{digest}: [{answer.status_code}] {answer.text[:300]}")

    def _pages(self, path: str, field: str) -> list[str]:
        found: list[str] = []
        link = f"{path}?n={self._page}"
        while link:
            answer = self._request("GET", link)
            if answer.status_code != _OK:
                kind = NotFoundError if answer.status_code == _NOT_FOUND else UnexpectedAnswerError
                raise kind(f"{path}: [{answer.status_code}] {answer.text[:300]}")
            found += answer.json().get(field) or []
            link = answer.links.get("next", {}).get("url", "")
        return found

    def _request(self, method: str, path: str) -> requests.Response:
        url = urljoin(self._base, path)
        answer = self._send(method, url)
        if answer.status_code == _UNAUTHORIZED:
            self._token = self._fetch_token(answer)
            answer = self._send(method, url)
        return answer

    def _send(self, method: str, url: str) -> requests.Response:
        headers = {"Accept": ", ".join(TYPES) if mended("oci_manifests") else DOCKER_MANIFEST}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            return self._http.request(method, url, headers=headers, timeout=self._timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise RequestError(f"{type(error).__name__}: {explain(error)}") from error

    def _fetch_token(self, refused: requests.Response) -> str:
        challenge = dict(_CHALLENGE.findall(refused.headers.get("WWW-Authenticate", "")))
        if "realm" not in challenge:
            raise AuthorizationError("Cannot find bearer realm")
        question = {"service": challenge.get("service", ""), "account": PORTUS_USER}
        if "scope" in challenge:
            question["scope"] = challenge["scope"]
        try:
            answer = self._http.get(
                challenge["realm"],
                params=question,
                auth=(PORTUS_USER, self._password),
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise RequestError(f"{type(error).__name__}: {explain(error)} (the realm {challenge['realm']})") from error
        if answer.status_code != _OK:
            raise AuthorizationError(
                f"Cannot obtain authorization token from {challenge['realm']}: [{answer.status_code}]"
            )
        return str(answer.json()["token"])


def explain(error: requests.RequestException) -> str:
    """A network error in Portus' words."""
    if isinstance(error, requests.exceptions.SSLError):
        return "could not stablish connection: SSL error"
    if isinstance(error, requests.exceptions.Timeout):
        return "connection timed out"
    return "connection refused"
