"""What reaches ssh: options that rule the machine that deploys are refused, those that lead to the host are taken."""

import pytest

from components.portus.settings.docker import docker_host_problem
from components.portus.settings.ssh_options import ssh_option_problems
from tests.unit.portus.samples import MINIMAL, merged, problems


def refused(*options: str) -> list[tuple[int, str]]:
    return list(ssh_option_problems(options))


@pytest.mark.parametrize(
    "options",
    [
        ["-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=10"],
        [
            "-oIdentitiesOnly=yes",
            "-oIdentityFile=/k/client",
            "-oUserKnownHostsFile=/k/known",
            "-oGlobalKnownHostsFile=/dev/null",
        ],
        ["-oStrictHostKeyChecking=yes", "-oUserKnownHostsFile=/dev/null"],
        ["-oStrictHostKeyChecking=accept-new"],
        ["-oStrictHostKeyChecking=accept-new", "-oUserKnownHostsFile=~/.ssh/known_hosts /dev/null"],
        ["-o", "ServerAliveInterval=30", "-o ServerAliveCountMax=3", "-oservERaliveinterval 30"],
        [
            "-i",
            "/k/client",
            "-i~/.ssh/client",
            "-p",
            "2222",
            "-4",
            "-C",
            "-Tvv",
            "-l",
            "deploy",
            "-l",
            "EXAMPLE@deploy",
        ],
        [
            "-J",
            "jump@bastion.example.com:22",
            "-Jbastion,[2001:db8::1]:22",
            "-oProxyJump=ssh://me@bastion:22",
            "-oProxyJump=none",
        ],
        ["-oControlMaster=auto", "-oControlPath=~/.ssh/%C", "-oControlPersist=10m"],
        ["-oProxyCommand=none", "-oPermitLocalCommand=no", "-oForwardAgent=no", "-oKnownHostsCommand=none"],
        ["-oHostname=h.internal", "-oHostKeyAlias=front", "-oUser=deploy"],
    ],
)
def test_way_to_the_host_is_taken(options: list[str]) -> None:
    assert refused(*options) == []


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("-oProxyCommand=touch owned", "must not be ProxyCommand: it runs a program"),
        ("-oproxycommand touch owned", "must not be proxycommand: it runs a program"),
        ("-o ProxyCommand = touch owned", "must not be ProxyCommand"),
        ("-oLocalCommand=touch owned", "runs a program"),
        ("-oPermitLocalCommand=yes", "runs a program"),
        ("-oKnownHostsCommand=/bin/echo", "runs a program"),
        ("-oMatch=exec touch", "runs a program"),
        ("-oXAuthLocation=/tmp/x", "runs a program"),
        ("-F/tmp/config", "must not be -F: it reads more options"),
        ("-oInclude=/tmp/config", "reads more options"),
        ("-I/tmp/x.so", "loads a library"),
        ("-oPKCS11Provider=/tmp/x.so", "loads a library"),
        ("-oSecurityKeyProvider=/tmp/x.so", "loads a library"),
        ("-oSendEnv=AWS_*", "hands variables"),
        ("-oSetEnv=A=b", "hands variables"),
        ("-A", "lets the host use the keys"),
        ("-oForwardAgent=yes", "lets the host use the keys"),
        ("-E/etc/passwd", "writes to a file"),
        ("-oNoHostAuthenticationForLocalhost=yes", "switches host key checking off"),
        ("-oRemoteCommand=reboot", "must not be RemoteCommand: what is allowed"),
        ("-L8080:localhost:80", "must not be -L: what is allowed"),
        ("-w0", "must not be -w"),
        ("-S/tmp/socket", "must not be -S"),
        ("-4oProxyCommand=touch", "must not be -4"),
        ("-vF", "must not be -v"),
        ("--", "must not be --"),
        ("-", "must not be -"),
        ("other.host", "must begin with a dash"),
        ("ProxyCommand=touch", "must begin with a dash"),
        ('-o"ProxyCommand" touch', "must have NAME=VALUE"),
        ("-o=ProxyCommand=touch", "must have NAME=VALUE"),
        ("-oProxyCommand", "must have NAME=VALUE"),
        ("-o", "must have NAME=VALUE"),
        ("-i", "must have a value after -i"),
        ("-oProxyJump=-oProxyCommand=touch", "nothing but hosts"),
        ("-J`touch owned`", "nothing but hosts"),
        ("-oProxyJump=a,b;touch owned", "nothing but hosts"),
        ("-oUser=$(touch owned)", "must have as User a name"),
        ("-l-oProxyCommand", "must have as User a name"),
        ("-oHostname=`touch owned`", "must have as Hostname a name"),
        ("-oStrictHostKeyChecking=no", "must not switch host key checking off"),
        ("-oStrictHostKeyChecking=off", "must not switch host key checking off"),
        ("-oStrictHostKeyChecking=false", "must not switch host key checking off"),
        ('-ostricthostkeychecking "No"', "must not switch host key checking off"),
        ("-oStrictHostKeyChecking=yes no", "must not switch host key checking off"),
    ],
)
def test_what_rules_the_machine_is_refused(option: str, words: str) -> None:
    ((place, reason),) = refused("-oBatchMode=yes", option)
    assert place == 1 and words in reason
    assert "owned" not in reason


@pytest.mark.parametrize("option", ["-F", "-I", "-E", "-S"])
def test_value_that_stands_apart_does_not_hide_its_option(option: str) -> None:
    places = [place for place, _ in refused(option, "/tmp/config")]
    assert places == [0, 1]


def test_setting_that_stands_apart_is_judged_like_the_other() -> None:
    assert [place for place, _ in refused("-o", "ProxyCommand=touch", "-oBatchMode=yes")] == [0]
    assert [place for place, _ in refused("-J", "`touch`")] == [0]


@pytest.mark.parametrize(
    "file",
    [
        "/dev/null",
        "none",
        "NONE",
        '"/dev/null"',
        "/dev/../dev/null",
        "//dev/null",
        "/dev/null ~/.ssh/known_hosts",
        "/proc/self/fd/9",
        "'",
    ],
)
def test_accepting_keys_that_are_forgotten_is_no_check(file: str) -> None:
    for options in (
        ["-oStrictHostKeyChecking=accept-new", f"-oUserKnownHostsFile={file}"],
        [f"-oUserKnownHostsFile={file}", "-o", 'stricthostkeychecking="accept-new"'],
    ):
        ((_, reason),) = refused(*options)
        assert "which is no check at all" in reason


def test_problems_stand_at_their_place_and_do_not_tell_values() -> None:
    host = {"name": "one", "address": "ssh://a", "ssh_options": ["-4", "-oProxyCommand=nc hunter2", "hunter2", "-F/x"]}
    found = problems(merged(MINIMAL, {"docker": {"hosts": [host]}}))
    assert list(found) == [f"docker.hosts[0].ssh_options[{place}]" for place in (2, 3, 1)]
    assert "hunter2" not in str(found)


def test_user_of_an_address_is_no_option() -> None:
    host = {"name": "one", "address": "ssh://-oProxyCommand@host"}
    assert "docker.hosts[0].address" in problems(merged(MINIMAL, {"docker": {"hosts": [host]}}))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://10.0.0.1:2375", "must not be tcp://"),
        ("http://10.0.0.1:2375", "must not be http://"),
        ("ssh://-oProxyCommand@host", "must be unix:///path"),
        ("ssh://$(touch)@host", "must be unix:///path"),
        ("here", "must be unix:///path"),
        ("", "must be unix:///path"),
    ],
)
def test_inherited_daemon_that_is_refused(address: str, words: str) -> None:
    assert words in docker_host_problem(address, False)


@pytest.mark.parametrize(
    "address",
    [
        "unix:///var/run/docker.sock",
        "ssh://me@host:22",
        "ssh://host/run/user/1000/docker.sock",
        "npipe:////./pipe/docker_engine",
    ],
)
def test_inherited_daemon_that_is_taken(address: str) -> None:
    assert docker_host_problem(address, False) == ""
    assert docker_host_problem("tcp://10.0.0.1:2376", True) == ""
