"""From a handler's exceptions to gRPC statuses."""

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import grpc

from toolchain.plugins.framework.protocol import provider_pb2, status_pb2
from toolchain.plugins.framework.resource import InitFailedError, ProviderError
from toolchain.plugins.framework.values import marshal

_Servicer = TypeVar("_Servicer")
_Message = TypeVar("_Message")
_Answer = TypeVar("_Answer")


class _Status(grpc.Status):
    """What `ServicerContext.abort_with_status` takes."""

    def __init__(self, code: grpc.StatusCode, details: str, detail: bytes | None = None) -> None:
        self.code = code
        self.details = details
        self.trailing_metadata = () if detail is None else (("grpc-status-details-bin", detail),)


def answering(
    method: Callable[[_Servicer, _Message], _Answer],
) -> Callable[[_Servicer, _Message, grpc.ServicerContext], _Answer]:
    """Make an RPC method of a function from request to answer; its exceptions become the RPC's status.

    An exception of any other type than the framework's is a defect of the plugin. Its place goes to stderr, which the
    engine shows; its text does not, because it may quote an input.
    """

    @wraps(method)
    def answer(servicer: _Servicer, message: _Message, context: grpc.ServicerContext) -> _Answer:
        try:
            return method(servicer, message)
        except InitFailedError as error:
            status = _init_failed(error)
        except ProviderError as error:
            status = _Status(grpc.StatusCode.UNKNOWN, str(error))
        except NotImplementedError as error:
            status = _Status(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except Exception as error:
            sys.stderr.writelines(traceback.format_tb(error.__traceback__))
            status = _Status(
                grpc.StatusCode.INTERNAL, f"defect of the provider plugin in {method.__name__}: {type(error).__name__}"
            )
        context.abort_with_status(status)
        raise AssertionError("unreachable: abort_with_status raises")

    return answer


def _init_failed(error: InitFailedError) -> _Status:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=marshal(error.outputs),
        inputs=marshal(error.inputs),
        reasons=list(error.reasons),
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    return _Status(grpc.StatusCode.UNKNOWN, str(error), status.SerializeToString())
