"""Names and labels: the one place that spells them."""

PRODUCT = "portus-stack"
"""What everything of every PortusStack is part of."""
LABEL_PREFIX = "org.portus-stack"
NAME_LABEL = f"{LABEL_PREFIX}.name"
ROLE_LABEL = f"{LABEL_PREFIX}.role"
DEPLOYMENT_LABEL = f"{LABEL_PREFIX}.deployment"

FILES_DIRECTORY = "/etc/portus-stack"
"""Where every process finds the files it was given; absolute path inside its container."""


ISSUED_DIRECTORY = "/etc/portus-stack-issued"
"""Where a process finds a certificate that is renewed in place; beside that, which is a volume by itself."""


def resource_name(name: str, *parts: str) -> str:
    """The resource name ``{name}-{role}[-{kind}]``; underscores become dashes, so that it is also a valid host name."""
    return "-".join((name, *parts)).replace("_", "-")


def internal_name(name: str, role: str) -> str:
    """The host name under which other roles of the same PortusStack reach ``role``: on Docker an alias."""
    return resource_name(name, role)


def files_path(file_name: str) -> str:
    """The absolute path of ``file_name`` below :data:`FILES_DIRECTORY`."""
    return f"{FILES_DIRECTORY}/{file_name}"
