"""The official plugins are the judge: ours answer the same questions in the same way.

Runs when PROVIDERS names a folder with them (`[plugins/]resource-NAME-vVERSION/pulumi-resource-NAME`). What cannot be
equal (random values, times) is compared by its form. Texts of errors are compared where both give a check failure;
otherwise it counts that both fail.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from google.protobuf import struct_pb2

from tests.engine.plugins.questions import RANDOM_QUESTIONS, TLS_QUESTIONS, Question
from tests.unit.plugins.plugin_process import Plugin, running
from toolchain.plugins.framework.values import unmarshal
from toolchain.plugins.random.provider import VERSION as RANDOM_VERSION
from toolchain.plugins.tls.provider import VERSION as TLS_VERSION

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("ignore:Attribute's length")]

VERSIONS = {"random": RANDOM_VERSION, "tls": TLS_VERSION}
QUESTIONS = [*RANDOM_QUESTIONS, *TLS_QUESTIONS]

Answer = object


def official(name: str) -> Path:
    """The official plugin that PROVIDERS gives; without one the test is skipped."""
    folder = Path(os.environ.get("PROVIDERS") or "official")
    program = Path(f"resource-{name}-v{VERSIONS[name]}") / f"pulumi-resource-{name}"
    for candidate in (folder / program, folder / "plugins" / program):
        if candidate.is_file():
            return candidate.resolve()
    pytest.skip(f"PROVIDERS is no folder with the official {name} plugin {VERSIONS[name]} in it")


@pytest.fixture(scope="module")
def pairs() -> Iterator[Callable[[str], tuple[Plugin, Plugin]]]:
    """Ours and the official one, running."""
    open_ones: dict[str, tuple[Plugin, Plugin]] = {}
    closing = []

    def pair(name: str) -> tuple[Plugin, Plugin]:
        if name not in open_ones:
            contexts = [running([sys.executable, "-m", f"toolchain.plugins.{name}"]), running([str(official(name))])]
            closing.extend(contexts)
            ours, theirs = (context.__enter__() for context in contexts)
            open_ones[name] = ours, theirs
        return open_ones[name]

    yield pair
    for context in closing:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_ours_answers_like_the_official_one(question: Question, pairs: Callable[[str], tuple[Plugin, Plugin]]) -> None:
    ours, theirs = pairs(question.token.partition(":")[0])
    for ask in (checked, previewed, created, compared):
        assert ask(ours, question) == ask(theirs, question), ask.__name__


@pytest.mark.parametrize("question", [asked for asked in QUESTIONS if asked.changes and not asked.state], ids=str)
def test_a_stack_can_change_over(question: Question, pairs: Callable[[str], tuple[Plugin, Plugin]]) -> None:
    """A state that one of the two wrote is judged alike by both, so changing PROVIDERS changes nothing."""
    both = pairs(question.token.partition(":")[0])
    for writer in both:
        state = unmarshal(writer.create(question.token, question.inputs).properties)
        diffs = [plugin.diff(question.token, state, question.inputs) for plugin in both]
        assert diffs[0] == diffs[1], state.keys()


def checked(plugin: Plugin, question: Question) -> Answer:
    """The stored inputs and the failures. The official text for a missing input goes on with its own description."""
    try:
        answer = plugin.check(question.token, question.inputs)
    except grpc.RpcError:
        return "refused"
    failures = sorted(
        re.sub(r"(Missing required property '\w+').*", r"\1", failed.reason) for failed in answer.failures
    )
    return formed(answer.inputs), failures


def previewed(plugin: Plugin, question: Question) -> Answer:
    try:
        return formed(plugin.create(question.token, question.inputs, preview=True).properties)
    except grpc.RpcError:
        return "refused"


def created(plugin: Plugin, question: Question) -> Answer:
    if not question.creates:
        return None
    try:
        return formed(plugin.create(question.token, question.inputs).properties)
    except grpc.RpcError:
        return "refused"


def compared(plugin: Plugin, question: Question) -> Answer:
    """For every change: the diff, the planned and the new state; then what a refresh finds."""
    if not question.changes:
        return None
    state = unmarshal(plugin.create(question.token, question.inputs).properties) | question.state
    state = {name: value for name, value in state.items() if value is not None}
    answers: list[Answer] = []
    for news in question.changes:
        try:
            diff = plugin.diff(question.token, state, news)
        except grpc.RpcError:
            answers.append("refused")
            continue
        replaces, diffs = sorted(diff.replaces), sorted(diff.diffs)
        answers.append((diff.changes, replaces, diffs, diff.hasDetailedDiff, diff.deleteBeforeReplace))
        for preview in (True, False):
            if not replaces or preview:
                answers.append(formed(plugin.update(question.token, state, news, preview=preview).properties))
    found = plugin.read(question.token, str(state.get("id", "")), state, question.inputs)
    return [*answers, formed(found.properties), formed(found.inputs)]


def formed(properties: struct_pb2.Struct) -> dict[str, Answer]:
    """Properties with secret marks, and with the form of what is random or depends on the time in the place of its
    value.
    """
    return {
        name: form(name, readable(value))
        for name, value in properties.fields.items()
        if name != "__pulumi_raw_state_delta"
    }


def readable(value: struct_pb2.Value) -> Answer:
    fields = value.struct_value.fields
    if fields and "4dabf18193072939515e22adb298388d" in fields:
        return ("secret", readable(fields["value"]))
    return unmarshal(struct_pb2.Struct(fields={"value": value}))["value"]


RANDOM_OUTPUTS = frozenset({"result", "bcryptHash", "base64", "hex", "b64Std", "b64Url", "dec", "id"})


def form(name: str, value: Answer) -> Answer:
    if isinstance(value, tuple):
        return ("secret", form(name, value[1]))
    if not isinstance(value, str):
        return "number" if name == "result" and isinstance(value, int) else value
    if name in ("certPem", "certRequestPem"):
        return certificate_form(value)
    if "-----BEGIN" in value:
        first, *lines, _, last = value.splitlines()
        return first, {len(line) for line in lines}, last, value.endswith("\n")
    if name.startswith(("public", "validity")):
        return re.sub(r"[0-9]+", "9", re.sub("[:A-Za-z0-9+/=]{30,}", "", value))
    return "something" if name in RANDOM_OUTPUTS and value not in ("", "none", "-") else value


def certificate_form(text: str) -> Answer:
    """All of a request but its signature; all of a certificate but its serial number, times, key and signature."""
    if "CERTIFICATE REQUEST" in text:
        return x509.load_pem_x509_csr(text.encode()).tbs_certrequest_bytes
    certificate = x509.load_pem_x509_certificate(text.encode())
    return (
        certificate.subject.public_bytes(),
        certificate.issuer.public_bytes(),
        [(part.oid, part.critical, part.value) for part in certificate.extensions],
        certificate.signature_algorithm_oid,
        certificate.not_valid_after_utc - certificate.not_valid_before_utc,
    )
