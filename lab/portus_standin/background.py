"""The background process of generation 2: stored events every 2 s, the registry's catalog every 20 s by strategy.

Sources: SUSE/Portus 2.4.3 bin/background.rb, lib/portus/background/{registry,sync}.rb, lib/portus/db.rb.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from . import database
from .boot import boot
from .events import handle
from .images import manifests_of, synchronise_repository
from .models import EventStatus, RegistryEvent, Repository
from .options import Options
from .registries import client_of, the_registry
from .registry_client import AuthorizationError, CatalogEntry, ManifestError, NotFoundError, RequestError
from .releases import mended
from .settings import Settings
from .survival import Queue

log = logging.getLogger(__name__)

_EVENTS_SECONDS = 2
_SYNC_EVERY = 10  # rounds of the events' interval
_WAIT_SECONDS, _WAIT_INTERVAL_SECONDS = 90, 5
_STRATEGIES = ("update-delete", "update", "on-start", "initial")


class TimeoutReachedError(Exception):
    """The database did not become ready."""


def wait_for_database(settings: Settings) -> None:
    """Wait up to 90 s for a ready database, 5 s between looks. Raises TimeoutReachedError."""
    waited = 0
    while database.state(settings) is not database.State.ready:
        if waited >= _WAIT_SECONDS:
            log.error("[Database] Timeout reached, exiting with error. Check the logs...")
            raise TimeoutReachedError("Timeout reached for 'ready' status")
        log.error("[Database] Not ready yet. Waiting...")
        time.sleep(_WAIT_INTERVAL_SECONDS)
        waited += _WAIT_INTERVAL_SECONDS


def handle_fresh_events(settings: Settings, options: Options) -> int:
    """Handle what the web process stored; returns how many events."""
    with database.transaction() as session:
        query = select(RegistryEvent.id).where(RegistryEvent.status == EventStatus.fresh).order_by(RegistryEvent.id)
        fresh = list(session.scalars(query))
    for identity in fresh:
        # Begun is remembered before anything is done, and nobody ever looks at it again (registry_event.rb:22).
        with database.transaction() as session:
            session.get_one(RegistryEvent, identity).status = EventStatus.progress
        with database.transaction() as session:
            stored = session.get_one(RegistryEvent, identity)
            handle(session, json.loads(stored.data or "{}"), settings.portus_password, options)
            stored.status = EventStatus.done
    return len(fresh)


class Synchronisation:
    """The registry's catalog as the truth, as often as the strategy says."""

    def __init__(self, settings: Settings, options: Options) -> None:
        self._settings = settings
        self._options = options
        self._strategy = options.text("background.sync.strategy")
        self._done = not options.enabled("background.sync")
        if self._strategy not in _STRATEGIES:
            log.error("Unrecognized value '%s' for strategy", self._strategy)
            self._done = True

    def run_if_due(self) -> None:
        """Synchronise unless the strategy says that it has been done."""
        if self._done:
            return
        with database.transaction() as session:
            if self._strategy == "initial" and session.scalar(select(func.count()).select_from(Repository)):
                log.info("Disabling 'Registry synchronization': strategy is 'initial' and the database is not empty")
                self._done = True
                return
            registry = the_registry(session)
            if registry is None:
                return
            try:
                catalog = client_of(registry, self._settings.portus_password, self._options).catalog()
                self._apply(session, catalog)
            except (RequestError, NotFoundError, ManifestError, AuthorizationError) as error:
                # Anything else that the registry answers ends the process (sync.rb:70).
                session.rollback()
                log.warning("Exception: %s", error)
                return
        if self._strategy in ("initial", "on-start"):
            log.info("Disabling 'Registry synchronization': it has been performed once")
            self._done = True

    def _apply(self, session: Session, catalog: list[CatalogEntry]) -> None:
        registry = the_registry(session)
        assert registry is not None
        client = client_of(registry, self._settings.portus_password, self._options)
        entries = [(entry, manifests_of(client, entry)) for entry in catalog]
        seen = {
            repository.id
            for entry, manifests in entries
            if (repository := synchronise_repository(session, registry, entry, manifests)) is not None
        }
        if self._strategy != "update":
            for repository in session.scalars(select(Repository)).all():
                if repository.id not in seen:
                    session.delete(repository)
        if session.scalar(select(RegistryEvent.id).where(RegistryEvent.status == EventStatus.fresh)):
            session.rollback()


def _perform(task: str, work: Callable[[], object]) -> None:
    """One task's turn. What it raises ends the process; with the patch `background_survival` it is said."""
    try:
        work()
    except Exception as error:
        if not mended("background_survival"):
            raise
        log.error("portus-stack: '%s' failed and goes on: %r", task, error)


def run(settings: Settings, *, one_shot: bool = False) -> None:
    """Run for ever, or one round.

    Raises RegistryError on what Portus does not expect of the registry, TimeoutReachedError when the database is not
    ready in time.
    """
    options = Options.of_process(settings.generation)
    wait_for_database(settings)
    boot(settings, options)
    synchronisation = Synchronisation(settings, options)
    events = options.enabled("background.registry")
    log.info("[Initialization] Running: 'Registry events', 'Registry synchronization'")
    rounds = 0
    queue = Queue(settings, options)
    survives = mended("background_survival")
    while True:
        if events:
            _perform("Registry events", queue.work if survives else lambda: handle_fresh_events(settings, options))
        if rounds % _SYNC_EVERY == 0:
            _perform("Registry synchronization", synchronisation.run_if_due)
        if one_shot:
            return
        time.sleep(_EVENTS_SECONDS)
        rounds += 1
