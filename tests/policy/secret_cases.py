"""Cases in which a secret lies open under another name, or in another form, than `PASSWORD=…`."""

import base64
import json

from tests.policy.cases import STATE, Case, docker, kubernetes
from tests.policy.docker_cases import KEY_PEM, NETWORK, foreign, of
from tests.policy.graphs import Added, Change, add, entry, env, put
from tests.policy.kubernetes_stack import meta

LOGIN = json.dumps({"auths": {"registry.corp.net": {"auth": "dXNlcjpodW50ZXIy"}}})
_ONE = "spec/template/spec/containers/0"
_JDBC = "jdbc:mysql://db/portus?user=portus&password=hunter2"
_VALUES = (
    *(("CACHE_URL", "redis://:hunter2@cache:6379/0"), ("CACHE_URL", "redis://:20240115@cache"), ("DB", _JDBC)),
    *(("DSN", "portus:hunter2@tcp(db:3306)/portus"), ("DSN", "host=db user=portus password=hunter2")),
    *(("STORE", "AccountName=x;AccountKey=YWJjZGVm=="), ("HEADER", "Authorization: Bearer hunter2hunter2")),
    *(
        ("HOOK", "https://bot:%40bcd@chat.corp.net"),
        ("REPO", "https://ghp_0123456789abcdefghijABCDEFGHIJ@git.corp.net"),
    ),
    *(("DOCKER_CONFIG_JSON", LOGIN), ("BUNDLE", base64.b64encode(KEY_PEM.encode()).decode())),
)
_NAMES = (
    *("PGPASSWORD", "MYSQL_PWD", "REDISCLI_AUTH", "SSHPASS", "SMTPPASSWORD", "DBPASS", "ADMINPASSWORD", "GH_PAT"),
    *("AUTHTOKEN", "PASSWORD_VALUE", "RAILS_MASTER_KEY", "RESTIC_PASSPHRASE"),
)
_COMMANDS = (
    ("curl", "-fsS", "-u", "portus:hunter2", "https://registry/v2/"),
    ("sh", "-c", "curl -uportus:hunter2 https://registry/v2/"),
    ("curl", "--user=portus:hunter2", "https://registry/v2/"),
    ("curl", "-H", "Authorization: Basic aHVudGVyMg=="),
    ("redis-server", "--requirepass", "hunter2"),
    ("redis-cli", "-a", "hunter2", "ping"),
    ("sh", "-c", "PGPASSWORD=hunter2 psql -h db"),
    ("sshpass", "-p", "hunter2", "ssh", "host"),
    ("app", "--db-password", "hunter2"),
    ("psql", "postgres://portus:hunter2@db/portus"),
)


def _volume() -> Added:
    options = {"type": "cifs", "device": "//files.corp.net/x", "o": "username=portus,password=hunter2"}
    return Added(entry("docker:index/volume:Volume", "share", {"name": "share", "driverOpts": options}))


def _config(data: dict[str, str]) -> Added:
    return Added(entry("kubernetes:core/v1:ConfigMap", "login", {"metadata": meta("login"), "data": data}))


def _annotated(name: str, value: str) -> Case:
    def edit(inputs: dict[str, object]) -> None:
        holder = inputs["metadata"]
        assert isinstance(holder, dict)
        holder["annotations"] = {**holder.get("annotations", {}), name: value}

    return kubernetes("K64", Change("edge", edit, "Deployment"))


DOCKER: tuple[Case, ...] = (
    *(docker("D31", of("edge", env(name, value))) for name, value in _VALUES),
    *(docker("D31", of("edge", env(name, "correct-horse"))) for name in _NAMES),
    *(docker("D31", of("edge", put("command", list(words)))) for words in _COMMANDS),
    docker("D31", of("edge", env("DB_PASSWORD", "20240115"))),
    docker("D31", of("edge", add("labels", {"label": "app.url", "value": "redis://:hunter2@cache"}))),
    docker("D31", Change("hub-edge-outside", add("labels", {"label": "x.password", "value": "hunter2"}), NETWORK)),
    docker("D31", _volume()),
    docker("D26", of("edge", put("healthcheck/tests", ["CMD", "curl", "-u", "portus:hunter2", "https://127.0.0.1"]))),
    docker(
        "S06",
        foreign("puller", start=False, uploads=[{"file": "/root/.docker/config.json", "content": LOGIN}]),
        also="D07 D14",
        at=(STATE,),
    ),
    *(
        docker("S13", Change("docker", put(name, value), "pulumi:providers:docker"), at=(STATE,))
        for name, value in (
            ("keyMaterial", KEY_PEM),
            ("registryAuth", [{"address": "registry.corp.net", "username": "portus", "password": "hunter2"}]),
            ("registryAuth", json.dumps([{"address": "registry.corp.net", "password": "hunter2"}])),
        )
    ),
)
_KUBECONFIGS = (
    "users:\n- name: me\n  user:\n    token: hunter2hunter2\n",
    json.dumps({"users": [{"user": {"client-key-data": "QUJD" * 12}}]}),
)
KUBERNETES: tuple[Case, ...] = (
    *(
        kubernetes("K30", Change("edge", put(f"{_ONE}/env", [{"name": n, "value": v}]), "Deployment"))
        for n, v in _VALUES
    ),
    *(
        kubernetes("K30", Change("edge", put(f"{_ONE}/env", [{"name": name, "value": "correct-horse"}]), "Deployment"))
        for name in _NAMES
    ),
    *(kubernetes("K30", Change("edge", put(f"{_ONE}/args", list(words)), "Deployment")) for words in _COMMANDS),
    kubernetes("K32", _config({".dockerconfigjson": LOGIN})),
    kubernetes("K32", _config({"config.json": LOGIN})),
    kubernetes("K32", _config({"kubeconfig": f"users:\n- user:\n    client-key-data: {'QUJD' * 12}\n"})),
    kubernetes("K32", _config({"app.properties": f"url={_JDBC}\n"})),
    kubernetes("K32", _config({"bundle": base64.b64encode(KEY_PEM.encode()).decode()})),
    _annotated("corp.net/db-password", "hunter2"),
    _annotated("corp.net/cache", "redis://:hunter2@cache"),
    _annotated("corp.net/pull", LOGIN),
    *(kubernetes("S13", Change("cluster", put("kubeconfig", text)), at=(STATE,)) for text in _KUBECONFIGS),
    kubernetes("K64", Change("edge", put("spec/template/metadata/labels/token", "hunter2hunter2"), "Deployment")),
)
CASES = (*DOCKER, *KUBERNETES)
