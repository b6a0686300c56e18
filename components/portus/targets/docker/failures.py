"""When a container does not become ready, says why in the container's own words; the provider only says so."""

import re
from typing import TYPE_CHECKING

import pulumi
import pulumi_docker as docker

from ...images import registry_of
from ...topology import Process

if TYPE_CHECKING:
    from .target import DockerTarget

_LINES = 12
_REFUSED = re.compile(r"no basic auth credentials|unauthorized|authentication required|denied", re.IGNORECASE)
_NEVER_STARTED = "(it has printed nothing)"


def failure_hook(target: "DockerTarget", process: Process, container: str) -> pulumi.ResourceHookBinding:
    """A hook that reports the role, its last lines and the next step, and leaves the failure as it is."""

    async def report(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation != "delete":
            pulumi.log.error(await _report(target, process, container))
        return False

    hook = pulumi.ErrorHook(f"{container}-evidence", report)  # as in the state of version 0.1
    return pulumi.ResourceHookBinding(on_error=[hook])


def address_pool_hook(network: str) -> pulumi.ResourceHookBinding:
    """A hook that says what to do when Docker has no address range left for a network."""

    def report(args: pulumi.ErrorHookArgs) -> bool:
        if any("address pool" in error for error in args.errors):
            pulumi.log.error(
                f"{network}: Docker's default address pools are used up (they hold 31 networks; a PortusStack needs "
                "five, and one for each role that calls services outside).\n"
                "  Next: give this stack a range of its own, for example `docker: {address_pool: 10.213.0.0/23}`."
            )
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{network}-address-pool", report)])


def image_hook(resource: str, image: str) -> pulumi.ResourceHookBinding:
    """A hook that says how an image that could not be pulled gets to its host."""

    def report(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation != "delete":
            pulumi.log.error(explain_pull(image, args.errors[0] if args.errors else ""))
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{resource}-pull", report)])


def explain_pull(image: str, error: str) -> str:
    """The message for an error of a pull."""
    registry = registry_of(image)
    login = f"`docker login {registry}` on this machine, or give `docker.registry_auth`"
    likely = f"  Likely: {registry} wants a login: {login}.\n" if _REFUSED.search(error) else ""
    return (
        f"{image} is not on its host, which could not pull it.\n{likely}"
        "  Next: correct the cause, run `up` again. A host without a way out gets its images from a mirror "
        "(`images.mirror`) or from a file (commands `images-list` and `images-load`)."
    )


async def _report(target: "DockerTarget", process: Process, container: str) -> str:
    lines = await _last_lines(target, process, container)
    words = "\n".join(f"    {line}" for line in lines)
    return (
        f"{process.name} did not become ready (at most {process.start_seconds} s are waited{_setting(process)}). "
        f"Its last words:\n{words}\n"
        f"  Next: see all with `docker logs {container}`, correct the cause, run `up` again: it goes on from here."
        f"{_if_slow(process)}"
    )


def _setting(process: Process) -> str:
    return f"; `{process.start_argument}` sets it" if process.start_argument else ""


def _if_slow(process: Process) -> str:
    """What to do where nothing is wrong but the time."""
    if not process.start_argument:
        return ""
    return (
        f"\n  If it is only slow: wait until `docker ps` shows it as healthy; `make up`, or `pulumi up --refresh`, "
        f"then keeps it. Set `{process.start_argument}` higher."
    )


async def _last_lines(target: "DockerTarget", process: Process, container: str) -> list[str]:
    try:
        logs = await docker.get_logs(
            name=container,
            show_stdout=True,
            show_stderr=True,
            discard_headers=True,
            logs_list_string_enabled=True,
            tail=str(_LINES),
            opts=pulumi.InvokeOptions(parent=target, provider=target.provider_of(process)),
        )
    except Exception as error:  # whatever it is, the first failure must still be told
        return [f"(its log could not be read: {error})"]
    return [line.rstrip() for line in logs.logs_list_strings if line.strip()][-_LINES:] or [_NEVER_STARTED]
