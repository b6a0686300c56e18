"""What mends Portus' own defects: Ruby initializers, one file a defect, loaded by Rails with Portus' own.

No file of the image is touched. Each initializer looks first whether this Portus is what it was written for; if not,
it changes nothing and says so in one line (``portus-stack: patch NAME does not fit this Portus: …``).
"""

from dataclasses import dataclass
from pathlib import Path

NEWEST_MINOR = 5
"""The newest minor release of Portus 2 that the patches were tried on."""
_LAST_OF_GENERATION_1 = 2
_FOLDER = Path(__file__).parent
_INITIALIZERS = "/srv/Portus/config/initializers"
"""Source: openSUSE/docker-containers, branches portus-2.1 … portus-2.5: Portus lies in ``/srv/Portus``."""


@dataclass(frozen=True)
class Patch:
    """One defect: what the patch closes, the minor releases of Portus 2 that have it, whether rights depend on it.

    ``until`` None means every later release that is known; ``source`` names Portus' file where the defect lies.
    """

    name: str
    closes: str
    source: str
    since: int
    until: int | None = None
    security: bool = True

    @property
    def path(self) -> str:
        """Where Portus loads it: the absolute path in every container of Portus' image."""
        return f"{_INITIALIZERS}/portus_stack_{self.name}.rb"

    @property
    def content(self) -> str:
        """The Ruby source."""
        return (_FOLDER / f"{self.name}.rb").read_text(encoding="utf-8")

    def fits(self, minor: int) -> bool:
        """Whether it is for Portus 2.``minor``."""
        return self.since <= minor <= (NEWEST_MINOR if self.until is None else self.until)


_ALL = (
    Patch(
        "widened_scopes",
        "an action or a resource that no policy was asked about is granted to anybody",
        "app/models/namespace/auth_scope.rb, app/models/registry/auth_scope.rb",
        since=0,
    ),
    Patch(
        "foreign_tokens",
        "any user makes and lists application tokens for any other, and is that user then",
        "lib/api/v1/application_tokens.rb",
        since=4,
    ),
    Patch(
        "disabled_users",
        "a disabled user goes on in the API with application tokens",
        "lib/portus/auth_from_token.rb, app/models/user.rb",
        since=3,
    ),
    Patch(
        "token_subject",
        "a token names as its user whoever the request says, not who authenticated",
        "app/controllers/api/v2/tokens_controller.rb",
        since=0,
    ),
    Patch(
        "private_stars",
        "whoever stars a private repository is told its name and its size",
        "app/controllers/repositories_controller.rb",
        since=0,
    ),
    Patch(
        "private_pages",
        "pages tell every user the addresses of all users, the names of all teams and how others call an image",
        "app/controllers/teams_controller.rb, app/controllers/tags_controller.rb",
        since=3,
    ),
    Patch(
        "webhook_secret",
        "the webhook believes whoever reaches it",
        "app/controllers/api/v2/events_controller.rb",
        since=0,
    ),
    Patch(
        "oci_manifests",
        "manifests and indexes of OCI types are never shown",
        "lib/portus/registry_notification.rb",
        since=3,
        security=False,
    ),
    Patch(
        "background_survival",
        "the background process ends with the first unexpected answer of the registry",
        "lib/portus/background/sync.rb",
        since=3,
        security=False,
    ),
    Patch(
        "first_start",
        "a first start that was interrupted while it made the tables ends with an error for ever",
        "lib/tasks/portus/db.rake, lib/portus/db.rb",
        since=0,
        security=False,
    ),
    Patch(
        "own_users",
        "with LDAP on, PortusStack's own users sign in no more, and whoever has their names in the directory is they",
        "lib/portus/ldap/configuration.rb, until 2.3 lib/portus/ldap.rb",
        since=0,
    ),
    Patch(
        "oauth_identity",
        "by OAuth somebody is whoever has an e-mail address like the one that the provider tells, administrators too",
        "app/controllers/auth/omniauth_callbacks_controller.rb",
        since=3,
    ),
    Patch(
        "oauth_registration",
        "the first sign-in by OAuth fails with long tokens, and with a display name that is empty or taken",
        "app/controllers/auth/omniauth_callbacks_controller.rb, omniauth_registrations_controller.rb",
        since=3,
        security=False,
    ),
    Patch(
        "openid_connect",
        "OpenID providers with a CA of one's own, or without the scope `address`, cannot be used",
        "config/initializers/devise/oauth.rb",
        since=5,
        security=False,
    ),
)

PATCHES: dict[str, Patch] = {patch.name: patch for patch in _ALL}
"""Every patch by its name, in the order in which they are documented."""


def fitting(minor: int | None, generation: int) -> tuple[Patch, ...]:
    """The patches for Portus 2.``minor``; None, where nothing tells the release, means any release of ``generation``.

    What such an image lacks, an initializer sees by itself.
    """
    first = generation == 1
    minors = range(_LAST_OF_GENERATION_1 + 1) if first else range(_LAST_OF_GENERATION_1 + 1, NEWEST_MINOR + 1)
    releases = minors if minor is None else (minor,)
    return tuple(patch for patch in PATCHES.values() if any(patch.fits(release) for release in releases))
