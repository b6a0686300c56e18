"""The queue of events as PortusStack's patch `background_survival` handles it: begun, tried again, set aside."""

from __future__ import annotations

import json
import logging
import time
from collections import defaultdict
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from . import database
from .events import Event, handle, registry_of_event
from .models import EventStatus, RegistryEvent, Tag, now
from .options import Options
from .registries import client_of, the_registry
from .registry_client import NotFoundError, RegistryError
from .settings import Settings

log = logging.getLogger(__name__)

_TRIES, _SECONDS_PER_TRY, _REGISTRY_SECONDS = 5, 2, 10
_COMPLETION_SECONDS, _COMPLETED_AT_ONCE = 30, 20


class Queue:
    """The events that wait, in their order; those that were begun before come last."""

    def __init__(self, settings: Settings, options: Options) -> None:
        self._settings, self._options = settings, options
        self._again: set[int] = set()
        self._taken_up: list[int] = []
        self._tries: defaultdict[int, int] = defaultdict(int)
        self._later: dict[int, float] = {}
        self._given_up: set[int] = set()
        self._completed_at = 0.0
        self._interrupted: tuple[int, ...] = (EventStatus.progress, EventStatus.set_aside)

    def work(self) -> None:
        """One round. An error of the database is for the caller; what was begun is taken up in the next round."""
        try:
            self._take_up()
            with database.transaction() as session:
                query = select(RegistryEvent.id).where(RegistryEvent.status == EventStatus.fresh)
                waiting = list(session.scalars(query.order_by(RegistryEvent.id)))
            for identity in [*waiting, *self._taken_up]:
                if time.monotonic() >= self._later.get(identity, 0):
                    self._one(identity)
            if time.monotonic() - self._completed_at > _COMPLETION_SECONDS:
                self._complete()
        except DBAPIError:
            self._interrupted = self._interrupted or (EventStatus.progress, EventStatus.begun_again)
            raise

    def _take_up(self) -> None:
        if not self._interrupted:
            return
        with database.transaction() as session:
            if EventStatus.begun_again not in self._interrupted:
                twice = select(RegistryEvent).where(RegistryEvent.status == EventStatus.begun_again)
                for stored in session.scalars(twice):
                    stored.status = EventStatus.given_up
                    log.error("portus-stack: event %d is given up: the process ended twice in it", stored.id)
            interrupted = select(RegistryEvent.id).where(RegistryEvent.status.in_(self._interrupted))
            begun = list(session.scalars(interrupted.order_by(RegistryEvent.id)))
            taken_up = update(RegistryEvent).where(RegistryEvent.id.in_(begun))
            session.execute(taken_up.values(status=EventStatus.progress))
        self._again.update(begun)
        self._taken_up = begun
        self._interrupted = ()

    @staticmethod
    def _mark(identity: int, status: EventStatus) -> None:
        with database.transaction() as session:
            session.get_one(RegistryEvent, identity).status = status

    def _one(self, identity: int) -> None:
        taken_up = identity in self._taken_up
        self._mark(identity, EventStatus.begun_again if taken_up else EventStatus.progress)
        try:
            self._handle(identity)
            self._forget(identity)
        except DBAPIError:
            raise
        except RegistryError as error:
            self._wait(identity, _REGISTRY_SECONDS, error)
        except Exception as error:  # whatever is wrong with one event must not keep the others
            self._tries[identity] += 1
            if self._tries[identity] < _TRIES:
                self._wait(identity, _SECONDS_PER_TRY * self._tries[identity], error)
                return
            log.error("portus-stack: event %d is set aside after %d tries: %r", identity, _TRIES, error)
            self._mark(identity, EventStatus.set_aside)
            self._forget(identity)

    def _forget(self, identity: int) -> None:
        self._taken_up = [one for one in self._taken_up if one != identity]

    def _handle(self, identity: int) -> None:
        with database.transaction() as session:
            stored = session.get_one(RegistryEvent, identity)
            event: Event = json.loads(stored.data or "")
            if not isinstance(event.get("request"), dict):
                raise TypeError("undefined method `[]' for nil:NilClass")
            again = identity in self._again or self._tries[identity]
            if not again or self._holds(event):
                handle(session, event, self._settings.portus_password, self._options)
            stored.status = EventStatus.done

    def _wait(self, identity: int, seconds: float, error: Exception) -> None:
        log.error("portus-stack: event %d waits: %r", identity, error)
        self._later[identity] = time.monotonic() + seconds
        self._mark(identity, EventStatus.progress if identity in self._taken_up else EventStatus.fresh)

    def _holds(self, event: Event) -> bool:
        """Whether a late event is still true. Raises RegistryError when the registry cannot tell."""
        with database.transaction() as session:
            registry = registry_of_event(session, event)
            target = event["target"]
            if registry is None or not isinstance(target, dict):
                return True
            if event["action"] == "push" and not target.get("digest"):
                return True
            client = client_of(registry, self._settings.portus_password, self._options)
            reference = target.get("tag") if event["action"] == "push" else target.get("digest") or target.get("tag")
            if not reference:
                return True
            try:
                there = client.digest(target["repository"], reference)
            except NotFoundError:
                return bool(event["action"] == "delete")
            return bool(event["action"] == "push" and there == target["digest"])

    def _complete(self) -> None:
        self._completed_at = time.monotonic()
        with database.transaction() as session:
            registry = the_registry(session)
            if registry is None:
                return
            incomplete = select(Tag).where(Tag.image_id == "", Tag.digest != "", Tag.updated_at > now() - timedelta(1))
            incomplete = incomplete.where(Tag.id.not_in(self._given_up)).order_by(Tag.id)
            for tag in session.scalars(incomplete.limit(_COMPLETED_AT_ONCE)).all():
                client = client_of(registry, self._settings.portus_password, self._options)
                try:
                    tag.image_id = client.manifest(tag.repository.full_name, str(tag.digest)).image_id
                except NotFoundError:
                    self._given_up.add(tag.id)
                except RegistryError as error:
                    log.error("portus-stack: no image id yet: %s", error)
