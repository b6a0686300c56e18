"""Which options of ``ssh`` may be given: none that runs a program, reads more options, or trusts anybody.

They reach ``ssh`` on the machine that deploys, so whoever writes a stack file would otherwise rule that machine. What
is allowed concerns the way to the host, its key, and one's own. Source: ssh(1) and ssh_config(5) of OpenSSH 9.2; of a
setting that is given twice the first counts.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]*")
"""What a ProxyCommand of the machine's own ssh_config may paste into a shell (CVE-2023-51385)."""
_HOST = r"(?:ssh://)?(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?/?"
_JUMPS = re.compile(rf"none|{_HOST}(?:,{_HOST})*")
_FLAGS = re.compile(r"-[46aCknqTvx]+")
_MEANS = {
    **{"-b": "BindAddress", "-c": "Ciphers", "-i": "IdentityFile", "-l": "User", "-m": "MACs", "-p": "Port"},
    **{"-B": "BindInterface", "-J": "ProxyJump"},
}
"""Letter of the command line that takes a value → the setting that it stands for."""
_SETTINGS = frozenset(
    (
        *("addressfamily", "batchmode", "bindaddress", "bindinterface", "casignaturealgorithms", "certificatefile"),
        *("checkhostip", "ciphers", "compression", "connectionattempts", "connecttimeout", "controlmaster"),
        *("clearallforwardings", "exitonforwardfailure", "hostname", "revokedhostkeys", "verifyhostkeydns"),
        *("controlpath", "controlpersist", "globalknownhostsfile", "gssapiauthentication", "hashknownhosts"),
        *("hostkeyalgorithms", "hostkeyalias", "identitiesonly", "identityagent", "identityfile", "ipqos"),
        *("kbdinteractiveauthentication", "kexalgorithms", "loglevel", "macs", "numberofpasswordprompts"),
        *("passwordauthentication", "port", "preferredauthentications", "proxyjump", "pubkeyacceptedalgorithms"),
        *("pubkeyacceptedkeytypes", "pubkeyauthentication", "rekeylimit", "requiredrsasize", "serveralivecountmax"),
        *("serveraliveinterval", "stricthostkeychecking", "tcpkeepalive", "updatehostkeys", "user"),
        *("userknownhostsfile", "visualhostkey"),
    )
)
_RUNS = "runs a program on the machine that deploys"
_READS = "reads more options from a file, among them those that run programs"
_LOADS = "loads a library into ssh on the machine that deploys"
_REASONS = {
    **dict.fromkeys(("proxycommand", "localcommand", "permitlocalcommand", "knownhostscommand"), _RUNS),
    **dict.fromkeys(("match", "xauthlocation", "smartcarddevice"), _RUNS),
    **dict.fromkeys(("include", "-F"), _READS),
    **dict.fromkeys(("pkcs11provider", "securitykeyprovider", "-I"), _LOADS),
    **dict.fromkeys(("sendenv", "setenv"), "hands variables of the machine that deploys to the host"),
    **dict.fromkeys(("forwardagent", "-A"), "lets the host use the keys of whoever deploys"),
    "-E": "writes to a file of the machine that deploys",
    "nohostauthenticationforlocalhost": "switches host key checking off",
}
"""Why not; everything else that is not allowed is only unnecessary."""
_INSTEAD = {"proxycommand": "; name the hosts between in ProxyJump"}
_UNKNOWN = "what is allowed concerns the way to the host, its key and your own (docs/operations.md lists it)"
_HARMLESS = {"no", "none"}
_CAN_BE_OFF = (
    *("proxycommand", "permitlocalcommand", "knownhostscommand", "pkcs11provider", "forwardagent", "forwardx11"),
    *("forwardx11trusted", "gssapidelegatecredentials", "nohostauthenticationforlocalhost", "requesttty"),
)
_CHECKED = ("yes", "true", "ask", "accept-new")
_NOWHERE = re.compile(r"/+(?:dev|proc|sys)(?:/|$)")
_SETTING = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*")


def ssh_option_problems(options: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The place of each option that is refused, and why; never with its value."""
    settings: list[tuple[int, str, str]] = []
    for place, letter, value in _split(options):
        found = _SETTING.fullmatch(value) if letter == "-o" else None
        if letter == "-o" and not found:
            yield place, "must have NAME=VALUE after -o"
        elif letter in _MEANS and not value:
            yield place, f"must have a value after {letter}"
        elif found or letter in _MEANS:
            settings.append((place, found[1], found[2]) if found else (place, _MEANS[letter], value))
        elif reason := _letter_problem(letter):
            yield place, reason
    forgetful = _forgets([value for _, name, value in settings if name.lower() == "userknownhostsfile"])
    for place, name, value in settings:
        if reason := _setting_problem(name, value.strip("\"'"), forgetful):
            yield place, reason


def _split(options: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Place, letter and value, which may be an option of its own: ``-oX=y`` and ``-o``, ``X=y`` mean the same."""
    rest = iter(enumerate(options))
    for place, option in rest:
        letter, value = option[:2], option[2:]
        if letter != "-o" and letter not in _MEANS:
            yield place, option, ""
        else:
            yield place, letter, value or next(rest, (0, ""))[1]


def _letter_problem(option: str) -> str:
    if not option.startswith("-"):
        return "must begin with a dash, such as -oBatchMode=yes: ssh takes anything else for the name of a host"
    return "" if _FLAGS.fullmatch(option) else _refused(option[:2])


def _setting_problem(name: str, value: str, forgetful: bool) -> str:
    known = name.lower()
    if known not in _SETTINGS:
        return "" if known in _CAN_BE_OFF and value.lower() in _HARMLESS else _refused(name)
    if known == "proxyjump" and not _JUMPS.fullmatch(value):
        return "must name in ProxyJump nothing but hosts: [user@]host[:port], with commas between them"
    if known in ("user", "hostname", "hostkeyalias") and not _NAME.fullmatch(value):
        return f"must have as {name} a name of letters, digits, dots and dashes"
    if known == "stricthostkeychecking" and value.lower() not in _CHECKED:
        return "must not switch host key checking off; add the host key to known_hosts"
    if known == "stricthostkeychecking" and value.lower() == "accept-new" and forgetful:
        return (
            "must not accept new host keys while UserKnownHostsFile forgets them, which is no check at all: name a "
            "file that stays, or add the host key to it and say StrictHostKeyChecking=yes"
        )
    return ""


def _refused(name: str) -> str:
    reason = _REASONS.get(name if name.startswith("-") else name.lower())
    because = f"it {reason}{_INSTEAD.get(name.lower(), '')}" if reason else _UNKNOWN
    return f"must not be {name}: {because}"


def _forgets(files: Sequence[str]) -> bool:
    """Whether keys that are accepted go nowhere: ssh writes them to the first file that the first setting names."""
    if not files:
        return False
    try:
        first = next(iter(shlex.split(files[0])), "none")
    except ValueError:
        return True
    return first.lower() == "none" or bool(_NOWHERE.match(posixpath.normpath(first)))
