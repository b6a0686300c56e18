"""Who may do what (SUSE/Portus app/policies at 2.2.0 and 2.4.3)."""

from __future__ import annotations

from .models import Namespace, Role, Team, User, Visibility
from .options import Options


def may_pull(user: User | None, namespace: Namespace) -> bool:
    """Public namespaces are everybody's, protected ones and the global one every user's, private ones their team's."""
    if namespace.visibility == Visibility.public:
        return True
    if user is None:
        return False
    if namespace.visibility == Visibility.protected or namespace.is_global or user.admin:
        return True
    return namespace.team.role_of(user) is not None


def may_push(user: User | None, namespace: Namespace, options: Options) -> bool:
    """Administrators, and by option the team's owners and contributors, or the owner of a personal namespace."""
    if user is None:
        return False
    if user.admin:
        return True
    policy = options.text("user_permission.push_images.policy")
    if policy == "allow-personal":
        return user.namespace_id == namespace.id
    if policy == "allow-teams":
        return namespace.team.role_of(user) in (Role.owner, Role.contributor)
    return False


def may_delete(user: User | None, namespace: Namespace, options: Options, *, not_global: bool = False) -> bool:
    """Administrators and owners, and contributors if an option says so, while deleting is on."""
    if user is None or not options.enabled("delete") or (not_global and namespace.is_global):
        return False
    role = namespace.team.role_of(user)
    contributors = options.value("delete.contributors") is True
    return user.admin or role == Role.owner or (contributors and role == Role.contributor)


def may_do_everything(user: User | None, namespace: Namespace, options: Options) -> bool:
    """The action `*` on a repository: in generation 1 that is pushing, later deleting."""
    return may_push(user, namespace, options) if options.generation == 1 else may_delete(user, namespace, options)


def may_create_namespace(user: User, team: Team, options: Options) -> bool:
    """Administrators, and by option the team's owners and contributors."""
    allowed = options.enabled("user_permission.create_namespace") and team.role_of(user) in (
        Role.owner,
        Role.contributor,
    )
    return user.admin or allowed


def may_update_namespace(user: User, namespace: Namespace, options: Options) -> bool:
    """Administrators, and by option the owners."""
    owner = namespace.team.role_of(user) == Role.owner
    return user.admin or (options.enabled("user_permission.manage_namespace") and owner)


def may_change_visibility(user: User, namespace: Namespace, options: Options) -> bool:
    """Administrators, and by option the owners of a namespace that is not the global one."""
    owner = namespace.team.role_of(user) == Role.owner and not namespace.is_global
    return user.admin or (options.enabled("user_permission.change_visibility") and owner)


def may_manage_team(user: User, team: Team, options: Options) -> bool:
    """Administrators, and by option the owners of a visible team."""
    owner = team.role_of(user) == Role.owner
    return not team.hidden and (user.admin or (options.enabled("user_permission.manage_team") and owner))


def may_see_team(user: User, team: Team) -> bool:
    """Administrators and members."""
    return user.admin or team.role_of(user) is not None


def may_see(user: User | None, namespace: Namespace) -> bool:
    """Repositories and tags are shown to those who may pull; in a private namespace to its team and administrators."""
    if namespace.visibility == Visibility.public:
        return True
    if user is None:
        return False
    return user.admin or namespace.visibility == Visibility.protected or namespace.team.role_of(user) is not None
