"""How a role reaches an S3 bucket."""

from urllib.parse import urlsplit

from ..settings.model import Bucket
from ..topology import OUTSIDE, Link

_AWS = "https://s3.amazonaws.com"
_PORTS = {True: 443, False: 80}


def bucket_links(role: str, bucket: Bucket, why: str) -> tuple[Link, ...]:
    """The links of ``role``: to the bucket, and without keys to what knows the machine's rights."""
    endpoint = urlsplit(bucket.region_endpoint or _AWS)
    tls = endpoint.scheme == "https"
    link = Link(role, OUTSIDE, endpoint.port or _PORTS[tls], tls, why)
    if bucket.access_key is not None:
        return (link,)
    return (link, Link(role, OUTSIDE, _PORTS[False], False, "asks its machine for rights on S3"))
