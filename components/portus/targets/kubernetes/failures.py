"""When something does not become ready, says which role it is, why, and what to do next.

The provider gives the reasons, in the words of the cluster and of the container; it does not say what they mean.
"""

import re

import pulumi

from .instance import Instance

_LINES = 12
_ADVICE = {
    'no matches for kind "Certificate"': "cert-manager is not in this cluster: install it, or leave "
    "certificates.cert_manager out",
    "already exists": "something of that name is there and is not ours: remove it, or choose another name or namespace "
    "(kubernetes.create_namespace: false uses a namespace as it is)",
    "exceeded quota": "the namespace's ResourceQuota is used up: raise it, or lower the role's resources",
    "ErrImage|ImagePull|InvalidImageName": "the image cannot be had: correct its name, or name a Secret in "
    "kubernetes.pull_secrets, or give kubernetes.registry_auth",
    "OOMKilled": "it needs more memory: raise the role's resources.memory_mib",
    "PersistentVolumeClaim|unbound": "its volume was not provisioned: see kubernetes.storage_class",
    "violates PodSecurity": "the namespace forbids what the pod needs: docs/targets.md says which level each meets",
    "is forbidden": "the kubeconfig's user may not do this: docs/targets.md lists the rights that are needed",
}
"""What an error holds → what helps."""
_USELESS = re.compile(r"^\s*(?:\d+ errors? occurred:|\* *)?\s*$|^Resource operation was cancelled")


def failure_hook(instance: Instance, role: str, *kind: str, likely: str = "") -> pulumi.ResourceHookBinding:
    """A hook that reports the role, the reasons and the next step, and leaves the failure as it is.

    ``likely`` is the cause where the provider's reasons name none.
    """
    namespace = instance.kubernetes.namespace

    def report(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation != "delete":
            pulumi.log.error(explain(instance.name, namespace, role, args.errors[0] if args.errors else "", likely))
        return False

    hook = pulumi.ErrorHook(f"{instance.resource_name(role, *kind)}-evidence", report)  # as in the state of version 0.1
    return pulumi.ResourceHookBinding(on_error=[hook])


def explain(name: str, namespace: str, role: str, error: str, likely: str = "") -> str:
    """The message for an error of the provider."""
    lines = [line.strip().removeprefix("* ") for line in error.splitlines() if not _USELESS.match(line)]
    words = "\n".join(f"    {line}" for line in dict.fromkeys(lines[-_LINES:])) or "    (the provider gives no reason)"
    found = [advice for pattern, advice in _ADVICE.items() if re.search(pattern, error)]
    found = found or [likely] * bool(likely)
    look = f"kubectl -n {namespace} describe pods,pvc -l org.portus-stack.name={name},org.portus-stack.role={role}"
    return (
        f"{role} did not become ready. The cluster says:\n{words}\n"
        + "".join(f"  Likely: {advice}\n" for advice in found)
        + f"  Next: see more with `{look}`, correct the cause, run `up` again: it goes on from here."
    )
