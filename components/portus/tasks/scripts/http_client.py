"""A small HTTPS client (verified TLS, cookies, no redirect followed unasked, faults as `Failure`) and a page reader."""

import json
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from http.client import HTTPException, HTTPResponse
from http.cookiejar import CookieJar
from urllib.error import URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import (
    HTTPCookieProcessor,
    HTTPErrorProcessor,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from task import Failure, Json, Redactor

TIMEOUT_SECONDS = 60
"""A Portus on a busy machine needs many seconds for its first page."""
BUSY = 429
LONGEST_PAUSE_SECONDS = 30.0
PATIENCE_SECONDS = 120.0
"""How long one request is repeated while the edge says that it came too fast."""
LONGEST_BODY = 8 << 20
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Response:
    """What a server answered, whatever its status."""

    method: str
    url: str
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode(errors="replace")

    @property
    def location(self) -> str:
        """The absolute URL that this answer refers to, or an empty string."""
        target = self.headers.get("Location")
        return urljoin(self.url, target) if target else ""

    @property
    def page(self) -> "Page":
        """The body as an HTML page."""
        return Page(self.text)

    def json(self) -> Json:
        """The body as JSON, None if it is not JSON."""
        try:
            data: Json = json.loads(self.body)
        except ValueError:
            return None
        return data

    def words(self) -> str:
        """Why, in the server's own words: the error of a JSON body, the alert of a page, else its text."""
        data = self.json()
        if isinstance(data, dict):
            told = next((data[key] for key in ("message", "error", "errors") if data.get(key)), data)
            return told if isinstance(told, str) else json.dumps(told)
        page = self.page
        return page.alert or page.text or "an empty answer"

    def summary(self) -> str:
        """One phrase for a message: what was asked and what came back. The query is left out."""
        where = f"{self.method} {self.url.partition('?')[0]} answered {self.status}"
        if self.status in REDIRECTS:
            return f"{where}, redirecting to {self.location.partition('?')[0]}"
        return f"{where}: {self.words()}"


class HttpClient:
    """Requests that share cookies and trust one certificate authority."""

    def __init__(self, context: ssl.SSLContext, redactor: Redactor) -> None:
        self.redactor = redactor
        self._opener = _opener(context)

    def request(
        self, step: str, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send one request and return the answer, also when it is an error or a redirect.

        One that came too fast (429) is sent again, when the answer says or after a second, then two, four, …

        Raises Failure when there is no answer.
        """
        end, pause = time.monotonic() + PATIENCE_SECONDS, 1.0
        while True:
            response = self._send(step, method, url, body, headers)
            wait = min(_retry_after(response) or pause, LONGEST_PAUSE_SECONDS)
            if response.status != BUSY or time.monotonic() + wait > end:
                return response
            time.sleep(wait)
            pause *= 2

    def _send(
        self, step: str, method: str, url: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> Response:
        request = Request(url, data=body, headers=dict(headers or {}), method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                assert isinstance(answer, HTTPResponse)
                content = answer.read(LONGEST_BODY)
                return Response(method, url, answer.status, answer.headers, content)
        except (URLError, OSError, HTTPException, ValueError) as error:
            raise _unreachable(step, url, error) from None

    def get(self, step: str, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """GET, no redirect followed."""
        return self.request(step, "GET", url, headers=headers)

    def follow(self, step: str, url: str, limit: int = 5) -> Response:
        """GET and follow up to `limit` redirects that stay on the same origin."""
        response = self.get(step, url)
        while response.status in REDIRECTS and limit and origin(response.location) == origin(url):
            response, limit = self.get(step, response.location), limit - 1
        return response

    def post_form(self, step: str, url: str, fields: Mapping[str, str]) -> Response:
        """POST the fields as a form does."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.request(step, "POST", url, urlencode(fields).encode(), headers)

    def send_json(self, step: str, method: str, url: str, data: Json) -> Response:
        """Send JSON, ask for JSON."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self.request(step, method, url, json.dumps(data).encode(), headers)

    def basic(self, username: str, password: str) -> dict[str, str]:
        """The header of basic authentication (RFC 7617)."""
        value = b64encode(f"{username}:{password}".encode()).decode()
        self.redactor.add(value)
        return {"Authorization": f"Basic {value}"}


def _retry_after(response: Response) -> float:
    """The seconds that `Retry-After` asks for; 0 where it does not, or gives a date."""
    told = response.headers.get("Retry-After", "").strip()
    return float(told) if told.isdecimal() else 0.0


class _AnyStatus(HTTPErrorProcessor):
    """Hands every answer over as it is: urllib would raise on errors and follow redirects with its headers."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def tls_context(ca_file: str, public: bool = False) -> ssl.SSLContext:
    """Trust the authority in `ca_file`, if `public` the system's too, no others; TLS 1.2 or newer, names verified.

    Raises OSError (ssl.SSLError) when the file is missing or holds no certificate.
    """
    context = ssl.create_default_context(cafile=ca_file)
    # Python 3.13 asks for more of a CA's form than docker clients and Portus do, and refuses many an own CA for it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if public:
        context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _opener(context: ssl.SSLContext) -> OpenerDirector:
    # An empty ProxyHandler: no proxy of the environment may see credentials.
    return build_opener(ProxyHandler({}), HTTPSHandler(context=context), HTTPCookieProcessor(CookieJar()), _AnyStatus())


def origin(url: str) -> str:
    """Scheme, host and port of a URL; a port that goes without saying is left out, as servers do in redirects."""
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc.removesuffix(':443' if parts.scheme == 'https' else ':80')}"


def _unreachable(step: str, url: str, error: Exception) -> Failure:
    waiting = "Waiting for it; if this lasts, look at its log"
    reason = error.reason if isinstance(error, URLError) else error
    where = origin(url)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Failure(
            step,
            f"{where} showed a certificate that does not verify: {reason.verify_message}",
            "Check that it was issued by this stack's CA, for this name, and has not expired",
        )
    if isinstance(reason, ssl.SSLError):
        return Failure(step, f"{where}: TLS failed: {reason.reason}", "Check that this port speaks TLS 1.2 or newer")
    if isinstance(reason, OSError):
        told = reason.strerror or str(reason) or type(reason).__name__
        return Failure(step, f"cannot reach {where}: {told}", waiting)
    # The message of a ValueError or HTTPException may hold a header, hence a credential.
    return Failure(step, f"{where} broke off: {type(reason).__name__}", waiting)


class Page(HTMLParser):
    """The parts of an HTML page that the tasks read: text, alert, CSRF token, inputs, links and table rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.alert, self.csrf_token, self.text = "", "", ""
        self.inputs: dict[str, dict[str, str]] = {}
        self.links: list[tuple[str, str]] = []
        self.rows: list[tuple[dict[str, str], list[str]]] = []
        self._open_divs: list[bool] = []
        self._inside = {"script": False, "a": False, "td": False}
        self.feed(html)
        self.close()
        self.alert, self.text = " ".join(self.alert.split()), " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "meta" and values.get("name") == "csrf-token":
            self.csrf_token = values.get("content", "")
        elif tag == "input":
            self._add_input(values)
        elif tag == "a":
            self.links.append((values.get("href", ""), ""))
        elif tag == "tr":
            self.rows.append((values, []))
        elif tag == "td" and self.rows:
            self.rows[-1][1].append("")
        elif tag == "i" and self._inside["td"]:
            # Portus shows a boolean as an icon whose class is fa-toggle-on or fa-toggle-off.
            self._add_to_cell(" ".join(c for c in values.get("class", "").split() if c.startswith("fa-toggle-")))
        elif tag == "div":
            self._open_divs.append("alert-message" in values.get("class", "").split())
        if tag in self._inside:
            self._inside[tag] = True

    def _add_input(self, values: dict[str, str]) -> None:
        name = values.get("name", "")
        if name == "authenticity_token" and not self.csrf_token:
            self.csrf_token = values.get("value", "")
        # Rails puts a hidden twin before each check box; the box itself counts.
        self.inputs[name] = values

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._open_divs:
            self._open_divs.pop()
        if tag in self._inside:
            self._inside[tag] = False

    def handle_data(self, data: str) -> None:
        if self._inside["script"]:
            return
        self.text += f"{data} "
        if any(self._open_divs):
            self.alert += f"{data} "
        if self._inside["a"]:
            self.links[-1] = (self.links[-1][0], f"{self.links[-1][1]} {data}".strip())
        if self._inside["td"]:
            self._add_to_cell(data)

    def _add_to_cell(self, text: str) -> None:
        if self.rows and self.rows[-1][1]:
            self.rows[-1][1][-1] = " ".join(f"{self.rows[-1][1][-1]} {text}".split())
