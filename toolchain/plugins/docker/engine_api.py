"""Calls of the Docker Engine API that the SDK has no method for, or only one that sends less."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import APIClient


def post(client: "APIClient", path: str, body: Mapping[str, object]) -> Mapping[str, object]:
    """`POST` a JSON body to a path of the negotiated API version. Raises `docker.errors.APIError`."""
    from docker.errors import create_api_error_from_http_exception
    from requests.exceptions import HTTPError

    response = client.post(f"{client.base_url}/v{client.api_version}{path}", json=body, timeout=client.timeout)
    try:
        response.raise_for_status()
    except HTTPError as error:
        create_api_error_from_http_exception(error)
    answer: Mapping[str, object] = response.json() if response.content else {}
    return answer
