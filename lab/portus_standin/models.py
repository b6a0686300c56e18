"""The tables that the stand-in shares with Portus, column for column where it uses them.

Source: SUSE/Portus 2.4.3 db/schema.rb.
"""

from __future__ import annotations

import enum
from datetime import datetime, timezone

from sqlalchemy import JSON, Boolean, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def now() -> datetime:
    """The time as the tables keep it: UTC without a zone, whole seconds."""
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)


class Base(DeclarativeBase):
    """All tables.

    Columns that generation 1 has not yet are deferred and have a server default: its statements leave them out.
    """

    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 (SQLAlchemy declares it as an instance attribute)


class Timestamps:
    """created_at and updated_at."""

    created_at: Mapped[datetime] = mapped_column(DateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(DateTime, default=now, onupdate=now)


class Role(enum.IntEnum):
    """What a user may do in a team."""

    viewer = 0
    contributor = 1
    owner = 2


class Visibility(enum.IntEnum):
    """Who may pull from a namespace: its team, every user, everybody."""

    private = 0
    protected = 1
    public = 2


class EventStatus(enum.IntEnum):
    """How far a stored registry event is (2.3 and later)."""

    done = 0
    progress = 1
    fresh = 2
    set_aside = 3
    """PortusStack's as the following, with its patch `background_survival`."""
    begun_again = 4
    given_up = 5


class SchemaMigration(Base):
    """The versions of the schema that the database has."""

    __tablename__ = "schema_migrations"
    version: Mapped[str] = mapped_column(String(255), primary_key=True)


class User(Timestamps, Base):
    """Somebody who signs in; `portus` is the hidden one that Portus itself uses towards the registry."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(255), unique=True)
    email: Mapped[str | None] = mapped_column(String(255), unique=True)
    encrypted_password: Mapped[str] = mapped_column(String(255))
    sign_in_count: Mapped[int] = mapped_column(Integer, default=0)
    current_sign_in_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    admin: Mapped[bool] = mapped_column(Boolean, default=False)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    failed_attempts: Mapped[int] = mapped_column(Integer, default=0)
    locked_at: Mapped[datetime | None]
    namespace_id: Mapped[int | None] = mapped_column(Integer)
    display_name: Mapped[str | None] = mapped_column(String(255))
    bot: Mapped[bool] = mapped_column(Boolean, server_default=text("0"), deferred=True)
    memberships: Mapped[list[TeamUser]] = relationship(back_populates="user", cascade="all, delete-orphan")
    tokens: Mapped[list[ApplicationToken]] = relationship(back_populates="user", cascade="all, delete-orphan")


class ApplicationToken(Base):
    """A password of a user for one application; kept as a bcrypt hash."""

    __tablename__ = "application_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    application: Mapped[str] = mapped_column(String(255))
    token_hash: Mapped[str] = mapped_column(String(255))
    token_salt: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship(back_populates="tokens")


class Team(Timestamps, Base):
    """Users with roles; a hidden team belongs to one user or to the global namespace."""

    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    description: Mapped[str | None] = mapped_column(Text)
    memberships: Mapped[list[TeamUser]] = relationship(back_populates="team", cascade="all, delete-orphan")
    namespaces: Mapped[list[Namespace]] = relationship(back_populates="team")

    def role_of(self, user: User) -> Role | None:
        """The user's role, None for a stranger."""
        return next((Role(member.role) for member in self.memberships if member.user_id == user.id), None)


class TeamUser(Timestamps, Base):
    """A membership."""

    __tablename__ = "team_users"
    __table_args__ = (UniqueConstraint("team_id", "user_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[int] = mapped_column(Integer, default=Role.viewer)
    team: Mapped[Team] = relationship(back_populates="memberships")
    user: Mapped[User] = relationship(back_populates="memberships")


class Registry(Timestamps, Base):
    """The one registry."""

    __tablename__ = "registries"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    hostname: Mapped[str] = mapped_column(String(255), unique=True)
    use_ssl: Mapped[bool] = mapped_column(Boolean, default=False)
    external_hostname: Mapped[str | None] = mapped_column(String(255))
    namespaces: Mapped[list[Namespace]] = relationship(back_populates="home")


class Namespace(Timestamps, Base):
    """The first part of a repository's name; the global one has none."""

    __tablename__ = "namespaces"
    __table_args__ = (UniqueConstraint("name", "registry_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    registry_id: Mapped[int] = mapped_column(ForeignKey("registries.id"))
    is_global: Mapped[bool] = mapped_column("global", Boolean, default=False)
    description: Mapped[str | None] = mapped_column(Text)
    visibility: Mapped[int] = mapped_column(Integer, default=Visibility.private)
    team: Mapped[Team] = relationship(back_populates="namespaces")
    home: Mapped[Registry] = relationship(back_populates="namespaces")
    repositories: Mapped[list[Repository]] = relationship(back_populates="namespace", cascade="all, delete-orphan")

    @property
    def clean_name(self) -> str:
        """What users see."""
        return self.home.hostname if self.is_global else self.name


class Repository(Timestamps, Base):
    """An image's name within a namespace."""

    __tablename__ = "repositories"
    __table_args__ = (UniqueConstraint("name", "namespace_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    namespace_id: Mapped[int] = mapped_column(ForeignKey("namespaces.id"))
    marked: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("0"))
    namespace: Mapped[Namespace] = relationship(back_populates="repositories")
    tags: Mapped[list[Tag]] = relationship(back_populates="repository", cascade="all, delete-orphan")

    @property
    def full_name(self) -> str:
        """The name that the registry knows."""
        return self.name if self.namespace.is_global else f"{self.namespace.name}/{self.name}"


class Tag(Timestamps, Base):
    """A tag, who pushed it and what it points to."""

    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    digest: Mapped[str | None] = mapped_column(String(255))
    image_id: Mapped[str | None] = mapped_column(String(255), default="")
    marked: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("0"))
    username: Mapped[str | None] = mapped_column(String(255))
    repository: Mapped[Repository] = relationship(back_populates="tags")
    author: Mapped[User | None] = relationship()

    @property
    def owner(self) -> str:
        """Who pushed it, as shown to users."""
        return self.author.username if self.author else (self.username or "someone")


class RegistryEvent(Timestamps, Base):
    """A notification of the registry: stored for the background process (generation 2) or already handled (1)."""

    __tablename__ = "registry_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), default="", index=True)
    status: Mapped[int] = mapped_column(Integer, server_default=text("0"), deferred=True)
    data: Mapped[str | None] = mapped_column(Text, server_default=text("NULL"), deferred=True)


class Activity(Timestamps, Base):
    """Who did what."""

    __tablename__ = "activities"
    id: Mapped[int] = mapped_column(primary_key=True)
    trackable_id: Mapped[int | None] = mapped_column(Integer)
    trackable_type: Mapped[str | None] = mapped_column(String(255))
    owner_id: Mapped[int | None] = mapped_column(Integer)
    owner_type: Mapped[str | None] = mapped_column(String(255), default="User")
    key: Mapped[str] = mapped_column(String(255))
    parameters: Mapped[dict[str, str] | None] = mapped_column(JSON)
