"""Reads what every S3 bucket has."""

from . import patterns
from .model import Bucket
from .reader import Reader


def read_bucket(reader: Reader, root_directory: str = "") -> Bucket:
    """A bucket that exists; ``root_directory`` is the default. The caller finishes the group."""
    keys = reader.given("access_key") or reader.given("secret_key")
    bucket = Bucket(
        bucket=reader.text("bucket", None, *patterns.BUCKET),
        region=reader.text("region", None, *patterns.REGION),
        access_key=reader.secret("access_key", *patterns.S3_KEY) if keys else None,
        secret_key=reader.secret("secret_key", *patterns.S3_KEY) if keys else None,
        region_endpoint=reader.text("region_endpoint", "", *patterns.ENDPOINT),
        root_directory=reader.text("root_directory", root_directory, *patterns.ROOT_DIRECTORY),
        ca_certificate_pem=(
            reader.public("ca_certificate_pem", *patterns.PEM_CERTIFICATE)
            if reader.given("ca_certificate_pem")
            else None
        ),
    )
    if bucket.ca_certificate_pem is not None and (
        bucket.region_endpoint.startswith("http://") or not reader.given("region_endpoint")
    ):
        reader.problem(
            "ca_certificate_pem", "verifies a server of your own: region_endpoint must be its https:// address"
        )
    return bucket
