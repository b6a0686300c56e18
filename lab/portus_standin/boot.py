"""What Portus' framework does at every start of generation 2 once the schema is there.

Sources: SUSE/Portus 2.4.3 config/initializers/{portus_user,registry}.rb.
"""

from __future__ import annotations

import logging
import os

from . import database, migrations, releases
from .accounts import PORTUS_USER, Invalid, create_portus_user, find_user, sync_portus_user
from .options import Options
from .registries import RegistryFields, create, the_registry
from .settings import Settings

log = logging.getLogger(__name__)


def boot(settings: Settings, options: Options) -> None:
    """Set the hidden user's password; create the registry record of PORTUS_INIT_REGISTRY_* if the registry answers."""
    if settings.generation == 1:
        return
    with database.transaction() as session:
        if find_user(session, PORTUS_USER) is None:
            if not (releases.mended("first_start") and migrations.never_used(session.connection())):
                return
            create_portus_user(session, settings.portus_password)
        sync_portus_user(session, settings.portus_password)
        fields = RegistryFields(
            name=os.environ.get("PORTUS_INIT_REGISTRY_NAME", "registry"),
            hostname=os.environ.get("PORTUS_INIT_REGISTRY_HOSTNAME", ""),
            use_ssl=os.environ.get("PORTUS_INIT_REGISTRY_USE_SSL", "") in ("true", "t", "T", "1"),
        )
        wanted = fields.hostname and os.environ.get("PORTUS_INIT_REGISTRY_USE_SSL")
        if wanted and the_registry(session) is None:
            try:
                create(session, fields, settings.portus_password, options)
            except Invalid as error:
                # Portus says nothing here; the double says why there is no record.
                log.warning("[registry] not created from PORTUS_INIT_REGISTRY_*: %s", error)
            else:
                log.info("[registry] created for %s", fields.hostname)
