"""What values of Portus' options are read as they stand; every other one was seen to break Portus or to be misread.

Seen on 2.4.3 (docs/portus-options.md); the source of each is named there.
"""

from enum import Enum

CHOICES: dict[str, tuple[str, ...]] = {
    "background.sync.strategy": ("initial", "on-start", "update", "update-delete"),
    "user_permission.push_images.policy": ("allow-personal", "allow-teams", "admin-only"),
    "email.smtp.authentication": ("login", "plain", "cram_md5"),
    "email.smtp.openssl_verify_mode": ("none", "peer", "client_once", "fail_if_no_peer_cert"),
    "email.smtp.ssl_tls": ("", "ssl", "tls"),
    "ldap.encryption.method": ("", "plain", "simple_tls", "start_tls"),
    # An unknown role is none: nobody becomes a member (v2.5 app/models/team.rb:126).
    "ldap.group_sync.default_role": ("viewer", "contributor", "owner"),
    "ldap.encryption.options.ssl_version": ("", "TLSv1", "TLSv1_1", "TLSv1_2"),
}
"""Options with a closed set of values (sources besides: SUSE/Portus ``config/config.yml`` comments, ``docs``)."""

_PORT = (1, 65535)
_DAY_SECONDS = 86400
LARGEST_NUMBER = 2**31 - 1
BOUNDS: dict[str, tuple[int, int]] = {
    "email.smtp.port": _PORT,
    "ldap.port": _PORT,
    "security.clair.health_port": _PORT,
    "ldap.timeout": (1, _DAY_SECONDS),
    "registry.timeout.value": (1, _DAY_SECONDS),
    "registry.read_timeout.value": (1, _DAY_SECONDS),
    "security.clair.timeout": (1, _DAY_SECONDS),
    "registry.jwt_expiration_time.value": (1, 60 * 24 * 365),
    # More than its catalog.maxentries is an error for the registry (Distribution, registry/handlers/catalog.go).
    "registry.catalog_page.value": (1, 1000),
    "pagination.per_page": (1, 10_000),
    "pagination.limit": (1, 10_000),
}
"""Least and greatest value; 0 to :data:`LARGEST_NUMBER` for the others."""


class Form(Enum):
    """What a text has to look like; the value is what it is called in a message."""

    ADDRESS = "an e-mail address without a name beside it, such as portus@example.com"
    NAME = "a name without any of ( ) < > [ ] : ; , \\ and double quotes, which would break the sender's address"
    HOST = "a host name or an address, without port or scheme"
    URL = "an address that begins with http:// or https://"
    ATTRIBUTE = "the name of an LDAP attribute, such as uid"
    FILTER = "one LDAP filter, such as (memberOf=cn=staff,dc=example,dc=com)"
    PATTERN = "a regular expression"


FORMS: dict[str, Form] = {
    "email.from": Form.ADDRESS,
    "email.reply_to": Form.ADDRESS,
    "email.name": Form.NAME,
    "email.smtp.address": Form.HOST,
    "email.smtp.domain": Form.HOST,
    "ldap.hostname": Form.HOST,
    "ldap.uid": Form.ATTRIBUTE,
    "ldap.guess_email.attr": Form.ATTRIBUTE,
    "ldap.filter": Form.FILTER,
    "delete.garbage_collector.tag": Form.PATTERN,
    "oauth.gitlab.server": Form.URL,
    "oauth.open_id.identifier": Form.URL,
    "oauth.openid_connect.issuer": Form.URL,
    "security.clair.server": Form.URL,
    "security.zypper.server": Form.URL,
}
"""Options whose text has a form."""

MAY_BE_EMPTY = frozenset(FORMS) - {"email.from", "ldap.uid"}
"""Those of them for which the empty text means none."""

IMAGE_CA_BUNDLE = "/var/lib/ca-certificates/ca-bundle.pem"
"""The CAs of Portus' image, those in ``/certificates`` among them: its ``/init`` writes it at every start."""
