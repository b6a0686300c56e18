"""Whether Portus shows a tag, and whether it learnt of the latest push: the view of an ordinary user, signed in.

Portus writes the time of each push into the tag, also of one that it knew [app/models/repository.rb, add_repo].
Generation 1 shows it on the repository's page, generation 2 gives it by the API.
"""

import re
from urllib.parse import urlsplit

from portus_client import Portus, expect
from task import Failure, Json

LIST_REPOSITORIES = "/repositories?all=true"


class Sightings:
    """What Portus shows of one tag, before and after a push."""

    def __init__(self, portus: Portus, generation: int, repository: str, tag: str) -> None:
        self._portus, self._generation, self._repository, self._tag = portus, generation, repository, tag
        self._before = ""

    def remember(self, step: str) -> None:
        """Note what Portus shows before the push."""
        self._before, _ = self._look(step)

    def is_new(self, step: str, digest: str) -> bool:
        """Whether Portus shows the tag, and otherwise than before. Generation 1 does not show digests."""
        now, shown_digest = self._look(step)
        return now not in ("", self._before) and shown_digest in ("", digest)

    def _look(self, step: str) -> tuple[str, str]:
        """When Portus was last told of a push of this tag, and the digest; both empty while it does not show it."""
        return self._look_at_pages(step) if self._generation == 1 else self._ask_api(step)

    def _look_at_pages(self, step: str) -> tuple[str, str]:
        _, name = self._repository.split("/", 1)
        for href, text in self._portus.page(step, "/repositories").page.links:
            path = urlsplit(href).path
            if text != name or not re.fullmatch(r"/repositories/\d+", path):
                continue
            page = self._portus.page(step, path).page
            if self._repository not in re.sub(r"\s*/\s*", "/", page.text):
                continue
            for _, cells in page.rows:
                # Tags of the same digest share a cell: Tag, Author, Image, Pushed at.
                if cells and self._tag in cells[0].split():
                    return " ".join(cells), ""
        return "", ""

    def _ask_api(self, step: str) -> tuple[str, str]:
        for repository in self._list(step, LIST_REPOSITORIES):
            if repository.get("full_name") != self._repository:
                continue
            for tag in self._list(step, f"/repositories/{repository['id']}/tags"):
                if tag.get("name") == self._tag:
                    return str(tag.get("updated_at")), str(tag.get("digest"))
        return "", ""

    def _list(self, step: str, path: str) -> list[dict[str, Json]]:
        response = expect(step, self._portus.api(step, "GET", path), 200)
        data = response.json()
        if not isinstance(data, list):
            raise Failure(step, response.summary(), "Check that `generation` fits the image of Portus")
        return [entry for entry in data if isinstance(entry, dict)]
