"""Generated passwords and keys. Every secret has its own generator; nothing is shared and nothing has a default."""

import pulumi
import pulumi_random as random

from .naming import resource_name
from .settings import Settings

_PASSWORD_LENGTH = 40
_SESSION_KEY_LENGTH = 128
"""Rails wants 64 bytes in hexadecimal (``rails secret``); 128 letters and digits hold more."""
_DEPLOYMENT_BYTES = 4


_BOT = "portus_stack_smoke_check"


def bot_username(deployment: str) -> str:
    """The smoke check's user in Portus: two deployments have two, and nobody knows the name beforehand.

    Portus takes it for the user's namespace as it is, where it would change a ``-`` (SUSE/Portus
    ``app/models/namespace.rb``, ``make_valid``).
    """
    return f"{_BOT}_{deployment}"


class Credentials(pulumi.ComponentResource):
    """Secret Outputs, each ``[A-Za-z][A-Za-z0-9]*``: Portus pastes some into YAML unquoted.

    ``deployment`` is no secret: eight hexadecimal digits that tell this deployment from another one of the same name.
    """

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("portus:internal:Credentials", resource_name(settings.name, "credentials"), None, opts)
        self._settings = settings
        self.deployment: pulumi.Output[str] = random.RandomId(
            resource_name(settings.name, "deployment"), byte_length=_DEPLOYMENT_BYTES, opts=self._keep()
        ).hex
        external = settings.database.external
        self.database_password = external.password if external else self._password("database-password")
        self.database_root_password = None if external else self._password("database-root-password")
        self.portus_password = self._password("portus-password")
        self.administrator_password = self._password("administrator-password")
        self.bot_password = self._password("smoke-check-password")
        self.backup_password = self._password("backup-password") if settings.backup else None
        self.session_key = self._renewable("session-key", _SESSION_KEY_LENGTH, settings.rotation.session_key)
        self.http_secret = self._renewable("http-secret", _PASSWORD_LENGTH, settings.rotation.http_secret)
        self.webhook_secret = self._renewable("webhook-secret", _PASSWORD_LENGTH, settings.rotation.webhook_secret)
        self.register_outputs({})

    def _keep(self) -> pulumi.ResourceOptions:
        """A credential lives exactly as long as the data it opens."""
        data = self._settings.data
        return pulumi.ResourceOptions(parent=self, protect=data.protect or None, retain_on_delete=data.retain or None)

    def _password(self, kind: str) -> pulumi.Output[str]:
        """A password that data remembers."""
        return self._generate(kind, _PASSWORD_LENGTH, None, self._keep())

    def _renewable(self, kind: str, length: int, rotation: str) -> pulumi.Output[str]:
        """A secret that no data remembers: it can be renewed, so it is never protected."""
        keepers = {"rotation": rotation} if rotation else None
        return self._generate(kind, length, keepers, pulumi.ResourceOptions(parent=self))

    def _generate(
        self, kind: str, length: int, keepers: dict[str, str] | None, opts: pulumi.ResourceOptions
    ) -> pulumi.Output[str]:
        password = random.RandomPassword(
            resource_name(self._settings.name, kind),
            length=length - 1,
            special=False,
            upper=True,
            lower=True,
            numeric=True,
            keepers=keepers,
            opts=opts,
        )
        return pulumi.Output.concat("p", password.result)
