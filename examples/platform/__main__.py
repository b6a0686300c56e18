"""Two PortusStacks on one host that share a database server, and an application that runs from one of them."""

from typing import cast

import pulumi
import pulumi_docker as docker
import pulumi_random as random
import pulumi_tls as tls
from pulumi_portus import PortusStack, PortusStackArgs

DOCKER = "unix:///var/run/docker.sock"
config = pulumi.Config()
teams: dict[str, dict[str, object]] = config.require_object("teams")
address, port = config.require("database_address"), config.require_int("database_port")
host = docker.Provider("host", host=DOCKER)
generators = random.Provider("random")

# Portus pastes its password into YAML unquoted: a letter first, then letters and digits.
passwords = {
    team: pulumi.Output.concat(
        "p",
        random.RandomPassword(
            f"{team}-database", length=39, special=False, opts=pulumi.ResourceOptions(provider=generators)
        ).result,
    )
    for team in teams
}
statements = pulumi.Output.all(**passwords).apply(
    lambda known: "".join(
        f"CREATE DATABASE {team} CHARACTER SET utf8 COLLATE utf8_unicode_ci; "
        f"CREATE USER {team}@'%' IDENTIFIED BY '{password}'; GRANT ALL ON {team}.* TO {team}@'%';\n"
        for team, password in known.items()
    )
)
volume = docker.Volume("shared-database", opts=pulumi.ResourceOptions(provider=host))
image = docker.RemoteImage(
    "database-image",
    name=config.require("database_image"),
    keep_locally=True,
    opts=pulumi.ResourceOptions(provider=host),
)
database = docker.Container(
    "shared-database",
    image=image.image_id,
    envs=["MARIADB_RANDOM_ROOT_PASSWORD=1"],
    uploads=[{"file": "/docker-entrypoint-initdb.d/teams.sql", "content": statements}],
    volumes=[{"volume_name": volume.name, "container_path": "/var/lib/mysql"}],
    ports=[{"internal": 3306, "external": port, "ip": address}],
    healthcheck={"tests": ["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"], "interval": "2s"},
    wait=True,
    destroy_grace_seconds=60,
    opts=pulumi.ResourceOptions(provider=host),
)

registries = {}
for team, arguments in teams.items():
    external = {"host": address, "port": port, "username": team, "database": team, "password": passwords[team]}
    registries[team] = PortusStack(
        team,
        cast(PortusStackArgs, {**arguments, "database": {"external": external}}),  # checked by the component
        pulumi.ResourceOptions(providers=[host, generators, tls.Provider(f"{team}-tls")], depends_on=[database]),
    )
    pulumi.export(team, registries[team].registry_url)

first = next(iter(registries.values()))
pulumi.export("registry_url", first.registry_url)
pulumi.export("administrator_username", first.administrator_username)
pulumi.export("administrator_password", first.administrator_password)
pulumi.export("ca_certificate_pem", first.ca_certificate_pem)

# Once CI has pushed an image: the host pulls it with the credentials that the registry's outputs hold.
if app_image := config.get("app_image"):
    login = docker.ProviderRegistryAuthArgs(
        address=first.registry_url, username=first.administrator_username, password=first.administrator_password
    )
    puller = docker.Provider("puller", host=DOCKER, registry_auth=[login])
    pulled = docker.RemoteImage(
        "app-image",
        name=pulumi.Output.concat(first.registry_url, "/", app_image),
        opts=pulumi.ResourceOptions(provider=puller),
    )
    app = docker.Container(
        "app",
        image=pulled.image_id,
        command=["python3", "-m", "http.server", "8000"],
        opts=pulumi.ResourceOptions(provider=host),
    )
    pulumi.export("app", app.name)
