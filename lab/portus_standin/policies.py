"""Who may do what (SUSE/Portus app/policies at 2.2.0 and 2.4.3)."""

from __future__ import annotations

from .models import Namespace, Role, Team, User, Visibility
from .options import Options

_PORTUS = "portus"
_PORTUS_PULLS_ALL = (2, 5)


def role_of(user: User, namespace: Namespace) -> Role | None:
    """The user's role in the namespace's team; a namespace that is not stored (2.5) has no team."""
    return namespace.team.role_of(user) if namespace.team else None


def may_pull(user: User | None, namespace: Namespace, options: Options) -> bool:
    """Public namespaces are everybody's, protected ones and the global one every user's, private ones their team's."""
    if user is not None and user.username == _PORTUS and options.release >= _PORTUS_PULLS_ALL:
        return True
    if namespace.visibility == Visibility.public:
        return True
    if user is None:
        return False
    if namespace.visibility == Visibility.protected or namespace.is_global or user.admin:
        return True
    return role_of(user, namespace) is not None


def may_push(user: User | None, namespace: Namespace, options: Options) -> bool:
    """Administrators, and by option the team's owners and contributors, or the owner of a personal namespace."""
    if user is None:
        return False
    return _may_push(user, role_of(user, namespace), options, personal=user.namespace_id == namespace.id)


def _may_push(user: User, role: Role | None, options: Options, *, personal: bool) -> bool:
    policy = options.text("user_permission.push_images.policy") if options.generation > 1 else "allow-teams"
    allowed = {
        "allow-personal": user.admin or personal,
        "allow-teams": user.admin or role in (Role.owner, Role.contributor),
        "admin-only": user.admin,
    }
    return allowed.get(policy, False)


def may_delete(user: User | None, namespace: Namespace, options: Options, *, not_global: bool = False) -> bool:
    """Administrators and owners, and contributors if an option says so, while deleting is on."""
    if user is None or not options.enabled("delete") or (not_global and namespace.is_global):
        return False
    role = role_of(user, namespace)
    contributors = options.value("delete.contributors") is True
    return user.admin or role == Role.owner or (contributors and role == Role.contributor)


def may_do_everything(user: User | None, namespace: Namespace, options: Options) -> bool:
    """The action `*` on a repository: in generation 1 that is pushing, later deleting."""
    return may_push(user, namespace, options) if options.generation == 1 else may_delete(user, namespace, options)


def may_create_namespace(user: User, team: Team, options: Options) -> bool:
    """Who may push to what the team has, by option administrators only (namespace_policy.rb:62)."""
    allowed = options.enabled("user_permission.create_namespace") or user.admin
    return allowed and _may_push(user, team.role_of(user), options, personal=False)


def may_update_namespace(user: User, namespace: Namespace, options: Options) -> bool:
    """Administrators, and by option the owners, as far as they may push."""
    owner = role_of(user, namespace) == Role.owner
    allowed = user.admin or (options.enabled("user_permission.manage_namespace") and owner)
    return allowed and may_push(user, namespace, options)


def may_change_visibility(user: User, namespace: Namespace, options: Options) -> bool:
    """Administrators, and by option the owners of a namespace that is not the global one."""
    owner = role_of(user, namespace) == Role.owner and not namespace.is_global
    return user.admin or (options.enabled("user_permission.change_visibility") and owner)


def may_change_team(user: User, namespace: Namespace, options: Options) -> bool:
    """Administrators, and by option the owners."""
    owner = role_of(user, namespace) == Role.owner
    return user.admin or (options.enabled("user_permission.manage_namespace") and owner)


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


def may_list(user: User | None, namespace: Namespace) -> bool:
    """In the list of repositories protected namespaces are left out for outsiders (repository_policy.rb:57)."""
    if user is not None and user.admin:
        return True
    member = user is not None and namespace.team.role_of(user) is not None
    return bool(namespace.team.memberships) and (namespace.visibility == Visibility.public or member)


def namespace_questions(user: User | None, namespace: Namespace, options: Options) -> dict[str, bool]:
    """Everything that the policy of namespaces can be asked, by its name without the question mark.

    The token endpoint asks whatever a client names. Source: app/policies/namespace_policy.rb at 2.2.0 and 2.4.3.
    """
    pull = may_pull(user, namespace, options)
    push = may_push(user, namespace, options)
    if user is None:
        return {"pull": pull, "show": pull}
    role = role_of(user, namespace)
    found = {
        "pull": pull,
        "show": pull,
        "push": push,
        "index": user.admin or role is not None,
        "change_visibility": may_change_visibility(user, namespace, options),
        "change_team": may_change_team(user, namespace, options),
    }
    if options.generation == 1:
        manages = push and (user.admin or options.enabled("user_permission.manage_namespace"))
        return {**found, "create": manages, "update": manages, "all": push}
    everything = may_delete(user, namespace, options)
    return {
        **found,
        "create": push and (user.admin or options.enabled("user_permission.create_namespace")),
        "update": may_update_namespace(user, namespace, options),
        "destroy": may_delete(user, namespace, options, not_global=True),
        "all": everything,
        "delete": everything,
        "owner": role is Role.owner,
        "contributor": role is Role.contributor,
        "viewer": role is Role.viewer,
        "member": role is not None,
    }
