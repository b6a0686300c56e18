"""README and docs: links resolve, commands exist, blocks are run or marked, and the site can be walked."""

import http.server
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from components.portus.settings import InvalidSettings, settings_from_args
from docs.reference_page import PAGE, SCHEMA, page
from tests.contract.pages import PAGES, RUN_BY, blocks, commands, text_of
from tests.contract.project_files import ROOT
from toolchain.install import programs

MADE = ("stacks/Pulumi.mine.yaml", "stacks/policy.mine.json", "examples/typescript/sdk")
"""What a reader makes."""
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(text_of(path)):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        place = (ROOT / path).parent / target if target else ROOT / path
        assert place.exists(), f"{path}: {link}"
        if anchor and place.suffix == ".md":
            assert anchor in anchors(place.read_text(encoding="utf-8")), f"{path}: {link}"


def test_the_page_of_the_wheel_leads_nowhere_else_in_this_repository() -> None:
    """Where it is shown there is no repository beside it."""
    found = LINK.findall(text_of("components/README.md"))
    assert found and all(each.startswith("https://") for each in found)


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_command_that_a_page_names_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    for command in re.findall(r"`make (?:-s )?([a-z-]+)", text_of(path)):
        assert command in targets, f"{path}: make {command}"
    text = re.sub(r"https?://\S+|SUSE/Portus\W+examples/compose", "", text_of(path))
    for tool in re.findall(r"\b((?:toolchain|lab/images|examples|stacks|tests|components)/[\w./-]*\w)", text):
        if tool in MADE:
            continue
        exists = (ROOT / tool).exists() or any((ROOT / tool).parent.glob(f"{Path(tool).name}*"))
        assert exists or (ROOT / path).parent.joinpath(tool).exists(), f"{path}: {tool} is not there"


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_block_is_run_or_marked(path: Path) -> None:
    for block in blocks(path):
        assert block.illustrative or block.language in ("sh", "mermaid", "text"), f"{path}: {block.body[:60]!r}"
    if commands(path):
        runner = RUN_BY.get(str(path))
        assert runner, f"{path}: nobody runs its shell blocks"
        assert f'"{path}"' in text_of(runner), f"{runner} does not run the blocks of {path}"


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_every_shell_block_can_be_read(path: Path) -> None:
    """Those that are not run too: bash parses them, `make -n` expands what they give to `make`, and writes no file."""
    for block in blocks(path):
        if block.language != "sh":
            continue
        shown = subprocess.run(["bash", "-n"], input=block.body, text=True, capture_output=True, check=False)
        assert shown.returncode == 0, f"{path}: {block.body}: {shown.stderr}"
        for line in re.findall(r"^make .*$", block.body, re.MULTILINE):
            command = f"{re.split(' #| >', line)[0]} -n"
            shown = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
            assert shown.returncode == 0, f"{path}: {line}: {shown.stderr}"


def test_the_reference_is_made_from_the_docstrings() -> None:
    fresh = page(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert PAGE.read_text(encoding="utf-8") == fresh, "python -m docs.reference_page writes docs/reference.md anew"


def test_the_reference_shows_errors_as_they_are() -> None:
    (shown,) = (block.body for block in blocks("docs/reference.md"))
    hostnames = {"portus": "portus.example.com", "registry": "registry.example.com"}
    with pytest.raises(InvalidSettings) as caught:
        settings_from_args("hub", {"hostnames": hostnames, "docker": {"http_port": "eighty"}, "portus": {"imge": "x"}})
    for line in shown.strip().splitlines():
        assert line in str(caught.value), caught.value


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.name)
def test_a_decision_has_its_status_and_date(path: Path) -> None:
    status = re.search(r"^\*\*Status\.\*\* (Accepted|Replaced)[^.]*\b20\d\d\b", path.read_text(), re.MULTILINE)
    assert status, "write under the title: **Status.** Accepted, MONTH YEAR."


def test_every_example_says_what_it_shows() -> None:
    examples = [each for each in (ROOT / "examples").iterdir() if each.is_dir()]
    assert [each.name for each in examples if not (each / "README.md").exists()] == []


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w./-]+\.md", text_of("mkdocs.yml")))
    assert {str(path.relative_to("docs")) for path in PAGES if path.parts[0] == "docs"} == listed


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` builds it; a warning is an error. With `--quiet` there would be none to be one."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


def test_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for file in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|img|link)[^>]*(?:src|href)=\"?(https?://[^\" >]+)", file.read_text())
        assert not [url for url in loaded if "rel=canonical" not in url], file


SEARCHER = b"""<!doctype html><iframe id=site src="/" style="width: 1200px; height: 800px"></iframe><script>
const timer = setInterval(() => {
  const page = document.getElementById("site").contentDocument, field = page && page.querySelector("input[name=query]");
  if (!field) return;
  page.getElementById("__search").checked = true;
  field.focus();
  field.value = "early_renewal_hours";
  field.dispatchEvent(new Event("keyup"));
  const found = [...page.querySelectorAll(".md-search-result__link")].map(link => link.href);
  if (found.length) { clearInterval(timer); fetch("/found", {method: "POST", body: JSON.stringify(found)}); }
}, 500);
</script>"""
"""Types into the search field as a reader does, until there are results, and sends where they lead."""


class Site(http.server.SimpleHTTPRequestHandler):
    """The site, the page that searches it, and a place for what that page finds."""

    found: "queue.Queue[list[str]]" = queue.Queue()

    def do_GET(self) -> None:
        if self.path != "/searcher":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(SEARCHER)

    def do_POST(self) -> None:
        self.found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


BROWSER = programs.find("chromium")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="chromium is missing: the site is not opened in a browser")


def browser_command(folder: Path) -> list[str]:
    """A browser without a window, its profile in ``folder``, that connects to nothing but what it is told to open."""
    quiet = ("background-networking", "component-update", "sync", "quic", "gpu")
    disabled = [f"--disable-{feature}" for feature in quiet]
    return [str(BROWSER), "--headless", "--no-sandbox", "--no-first-run", *disabled, f"--user-data-dir={folder}"]


def opened(url: str, folder: Path) -> str:
    """The page as the browser has it after its scripts ran."""
    options = [*browser_command(folder), "--virtual-time-budget=15000", "--dump-dom", url]
    done = subprocess.run(options, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_browser
def test_browser_walks_every_page_of_the_navigation(address: str, tmp_path: Path) -> None:
    home = opened(f"{address}/", tmp_path)
    assert "PortusStack" in home and "one-host.svg" in home
    links = dict(re.findall(r'<a href="([\w/]+/)" class="md-nav__link"[^>]*>\s*<span[^>]*>\s*([^<]+?)\s*<', home))
    assert {"quickstart/", "reference/", "troubleshooting/", "faq/"} <= set(links), links
    for link in ("quickstart/", "reference/", "troubleshooting/"):
        assert "<h1 id=" in opened(f"{address}/{link}", tmp_path), link


@needs_browser
def test_search_finds_an_answer(address: str, tmp_path: Path) -> None:
    """The browser stays until the page has told what it found: the search runs in a worker, in real time."""
    options = [*browser_command(tmp_path), "--remote-debugging-port=0", f"{address}/searcher"]
    with subprocess.Popen(options, stderr=subprocess.DEVNULL, start_new_session=True) as browser:
        try:
            found = Site.found.get(timeout=60)
        finally:
            os.killpg(browser.pid, signal.SIGTERM)
    assert any("/reference/" in link or "/operations/" in link for link in found), found
