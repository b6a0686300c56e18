"""The edge's second fence before Portus: what it asks of a token request, whom it lets in from where, and how often.

Each rule closes what Portus gets wrong by itself (SUSE/Portus 2.4.3; the same in 2.2.0 and v2.5 where nothing else is
said): ``app/models/namespace/auth_scope.rb`` widens scopes, ``config/initializers/devise.rb`` locks any account after
ten wrong passwords, ``lib/portus/ldap/configuration.rb`` skips LDAP for whoever says ``account=portus``.

Everything is nginx' own (maps, ``limit_req``): no module that an image may lack.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .edge_limits import error

HIDDEN_USER = "portus"
"""Portus' own administrator (SUSE/Portus ``db/seeds.rb``)."""
OUR_USERS = ("portus", "stack", "")
"""How the names of users that PortusStack makes for itself begin, with ``-`` or ``_`` between (credentials.py)."""


@dataclass(frozen=True)
class Rate:
    """``per_second`` for ever, ``burst`` at once besides; both per key."""

    zone: str
    per_second: int
    burst: int


FORMS = Rate("forms", 1, 60)
"""Sign-in, sign-up and forgotten passwords, per address: 200 people behind one address sign in within 2.5 minutes."""
TOKENS = Rate("tokens", 20, 4000)
"""Tokens, per address and user: 200 nodes behind one address pull 20 images each at once as one user."""
PASSWORDS = Rate("passwords", 5, 200)
"""Basic credentials elsewhere than for tokens, per address and user."""
API = Rate("api", 20, 2000)
"""The API, which Portus' own pages use too, per address: 200 people load 10 pages' data each at once."""

# What a character may look like in a query or form: itself, or percent-encoded. No client encodes letters and digits.
_COLON = "(?::|%3[Aa])"
_SLASH = "(?:/|%2[Ff])"
_COMMA = "(?:,|%2[Cc])"
_STAR = "(?:[*]|%2[Aa])"
_SPACE = "(?:[+]|%20)"
_DOT, _DASH, _UNDERSCORE = "(?:[.]|%2[Ee])", "(?:-|%2[Dd])", "(?:_|%5[Ff])"
_PUNCTUATION = f"(?:{_DOT}|{_DASH}|{_UNDERSCORE})"
# A component of a repository's name. Source: Distribution, docs/spec/api.md.
_COMPONENT = f"[a-z0-9]+(?:(?:{_DOT}|{_UNDERSCORE}{{1,2}}|{_DASH}+)[a-z0-9]+)*"
_ACTION = "(?:pull|push|delete)"
_SCOPE = (
    f"(?:repository{_COLON}{_COMPONENT}(?:{_SLASH}{_COMPONENT})*{_COLON}(?:{_ACTION}(?:{_COMMA}{_ACTION})*|{_STAR})"
    f"|registry{_COLON}catalog{_COLON}{_STAR})"
)
# Percent-encoded, but neither a control character nor what needs no encoding, nor the colon that ends a user name.
_ENCODED = "%(?:2[0-9A-Fa-f]|3[B-Fb-f]|40|5[B-Fb-f]|60|7[B-Eb-e]|[89A-Fa-f][0-9A-Fa-f])"
_VALUES = {
    "service": f"(?:[A-Za-z0-9]|{_PUNCTUATION})+(?:{_COLON}[0-9]{{1,5}})?",
    "scope": f"{_SCOPE}(?:{_SPACE}+{_SCOPE})*",
    "account": f"(?:[A-Za-z0-9._~@+!'()*,-]|{_ENCODED})+",
    "client_id": f"(?:[A-Za-z0-9._~/@+-]|{_ENCODED})+",
    "offline_token": "(?:true|false|1|0)",
}
_ONCE = ("service", "account", "client_id", "offline_token")


def _pairs(values: Sequence[str]) -> str:
    """``a=b&c=d`` with pairs of these forms only."""
    pair = f"(?:{'|'.join(values)})"
    return f"{pair}(?:&{pair})*"


def token_request() -> str:
    """The query of a token request, whole: parameters of a strict form, all but ``scope`` at most once."""
    once = "".join(f"(?!(?:.*&)?{key}=.*&{key}=)" for key in _ONCE)
    return f"^{once}{_pairs([f'{key}={value}' for key, value in _VALUES.items()])}$"


@dataclass(frozen=True)
class _Spelling:
    """How bytes stand in a text: as they are, or percent-encoded as in a form."""

    strange: str
    """A byte of what is not ASCII, or that MariaDB overlooks in a comparison."""
    latin: str
    """A character that may equal an ASCII letter for MariaDB: accents, full width, letters in circles."""
    space: str
    dash: str
    """What stands between the words of a name of ours."""


_PLAIN = _Spelling(
    "[\\x00-\\x1f\\x7f-\\xff]",
    "(?:\\xc2\\xba|[\\xc3-\\xcb\\xcd][\\x80-\\xbf]|\\xe1[\\xb4-\\xbb][\\x80-\\xbf]|\\xe2[\\x84\\x92\\x93][\\x80-\\xbf]"
    "|\\xef[\\xbc\\xbd][\\x80-\\xbf])",
    " ",
    "[-_]",
)
_FORM = _Spelling(
    "(?:%[89A-Fa-f][0-9A-Fa-f]|[\\x80-\\xff])",
    "(?:%[Cc]2%[Bb][Aa]|%[Cc][3-9ABDabd]%[89ABab][0-9A-Fa-f]|%[Ee]1%[Bb][4-9ABab]%[89ABab][0-9A-Fa-f]"
    "|%[Ee]2%(?:84|92|93)%[89ABab][0-9A-Fa-f]|%[Ee][Ff]%[Bb][CcDd]%[89ABab][0-9A-Fa-f])",
    _SPACE,
    f"(?:{_DASH}|{_UNDERSCORE})",
)
_FEWEST_LATIN = 5
_FEWEST_STRANGE = 7


def _alike(spelling: _Spelling) -> str:
    """What MariaDB may take for the name of one of our users, whole.

    Names are compared with ``utf8_unicode_ci`` (roles/database.py): capitals, accents, full width, trailing spaces
    and characters without weight make no difference, one character stands for one letter (every character of the basic
    plane was asked, MariaDB 10.11). So a name that is not ASCII counts as alike when what is ASCII of it are letters of
    the hidden user's in their order, and what is not may be the others.
    """
    strange, letters = spelling.strange, HIDDEN_USER
    exact = "".join(f"[{letter}{letter.upper()}]" for letter in letters)
    some = "".join(f"(?:[{letter}{letter.upper()}]{strange}*+)?" for letter in letters)
    any_letter = f"[{letters}{letters.upper()}]"
    mixed = (
        f"(?=(?:{strange}*+{any_letter}){{2}})(?=[A-Za-z]*+{strange})"
        f"(?=(?:[A-Za-z]|{strange}){{{_FEWEST_STRANGE}}}){strange}*+{some}"
    )
    foreign = (
        f"(?=(?:(?:(?!{spelling.latin}){strange}|{any_letter})*+{spelling.latin}){{{_FEWEST_LATIN}}})"
        f"{strange}*+{any_letter}?{strange}*+"
    )
    ours = spelling.dash.join("".join(f"[{letter}{letter.upper()}]" for letter in word) for word in OUR_USERS)
    return f"(?:(?:{exact}|{mixed}|{foreign})(?:{spelling.space}|{strange})*+|{ours}[^&:]*)"


_USERNAME = r"(?:\[|%5[Bb])username(?:\]|%5[Dd])"


def sign_in_form() -> str:
    """The body of Portus' sign-in form, whole. Source: ``app/views/devise/sessions/new.html.slim``."""
    name = "(?:[^&;=%\\x00-\\x20]|%(?:2[0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Fb-f]|60|7[B-Eb-e]|[89A-Fa-f][0-9A-Fa-f]))*"
    value = "(?:[^&;=%\\x00-\\x20]|%[0-9A-Fa-f]{2})*"
    other = r"(?:utf8|authenticity_token|commit|button|user(?:\[|%5[Bb])(?:password|remember_me)(?:\]|%5[Dd]))"
    once = f"(?!.*user{_USERNAME}=.*user{_USERNAME}=)"
    return f"^{once}{_pairs([f'user{_USERNAME}={name}', f'{other}={value}'])}$"


_MAPS = r"""
  # Where a request comes from: the roles inside use the public port, outsiders are led to another one.
  map "$server_port @came_from@" $way {
    "~^@inside_port@ " inside;
@inside_addresses@    default outside;
  }
  # nginx reads the user of Basic credentials; what it cannot read, Ruby may still: both must see the same name.
  map $http_authorization $credentials {
    "~*^basic (?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$" basic;
    "~*^\s*basic" unreadable;
    default "";
  }
  map $remote_user $user_of_ours {
    "~^@alike@$" yes;
    default "";
  }
  map $http_portus_auth $token_of_ours {
    "~^\s*@alike@(?::|$)" yes;
    default "";
  }
  map $args $account_of_ours {
    "~(?:^|&)account=@alike_in_form@(?:&|$)" yes;
    default "";
  }
  map "$way $user_of_ours$token_of_ours" $for_inside {
    "~^outside y" yes;
    default "";
  }
  map "$way $account_of_ours" $account_for_inside {
    "outside yes" yes;
    default "";
  }
  # Portus and its framework read a body of any request, and nginx cannot.
  map "$http_transfer_encoding $http_content_length" $body {
    " " "";
    " 0" "";
    default yes;
  }
  map $args $token_request {
    "" good;
    "~@token_request@" good;
    default "";
  }
  map "$way $request_method $args" $query_of_form {
    "~^outside POST ." yes;
    default "";
  }
  # What Portus is given of a sign-in form: from outside nothing, if it is not the form, or for one of our own users.
  map "$way $request_method" $form_to_judge {
    "outside POST" "outside $request_body";
    default "inside $request_body";
  }
  map $form_to_judge $form {
    "~^inside " $request_body;
    "~^outside (?:.*&)?user@username@=@alike_in_form@(?:&|$)" "";
    "~^outside @sign_in_form@" $request_body;
    default "";
  }

  map "$way $request_method" $limited_forms {
    "~^outside (?:POST|PUT|PATCH)$" $client;
    default "";
  }
  map $way $limited_tokens {
    outside $client$remote_user;
    default "";
  }
  map $way$credentials $limited_passwords {
    outsidebasic $client$remote_user;
    default "";
  }
  map $way $limited_api {
    outside $client;
    default "";
  }
@zones@  limit_req_status 429;
  limit_req_log_level warn;
"""


def maps(inside_port: int, inside_addresses: Sequence[str], proxied: bool = False) -> str:
    """What stands in the ``http`` block; ``proxied``: the edge believes proxies who the client is.

    Who comes from an inside address comes by himself: a proxy that names one is led on by somebody.
    """
    rates = (FORMS, TOKENS, PASSWORDS, API)
    addresses = [one.replace(".", "[.]") for one in inside_addresses]
    came_from = [f"{one} {one}" for one in addresses] if proxied else addresses
    words = {
        "inside_port": str(inside_port),
        "came_from": "$realip_remote_addr $remote_addr" if proxied else "$remote_addr",
        "inside_addresses": "".join(f'    "~ {one}$" inside;\n' for one in came_from),
        "alike": _alike(_PLAIN),
        "alike_in_form": _alike(_FORM),
        "username": _USERNAME,
        "token_request": token_request(),
        "sign_in_form": sign_in_form().removeprefix("^"),
        "zones": "".join(
            f"  limit_req_zone $limited_{rate.zone} zone={rate.zone}:2m rate={rate.per_second}r/s;\n" for rate in rates
        ),
    }
    text = _MAPS
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


_OTHER_PATH = r"^[^?]*(?:%(?:2[EeFf]|5[Cc])|\x5c|/[.][.]?(?:[/?]|$))"
"""A path that nginx and Portus may take for two: Rails' router decodes dots and slashes after it has split the path.

What follows a dot is a format to it: ``/v2/token.x%2F%2e%2e%2F%2e%2e%2Fx`` is ``/x`` here and ``/v2/token`` there.
"""
_LONGEST_NAME = 255
"""Of a user, in Portus' table; longer ones would fill the memory of the limits."""

_UNREADABLE = error(400, "UNSUPPORTED", "the edge cannot read this request")
_MALFORMED = error(400, "UNSUPPORTED", "not a token request that the edge lets through")
_NOT_HERE = error(404, "UNSUPPORTED", "tokens are given to GET only")
_INSIDE = error(403, "DENIED", "this account is not for the outside")


def limit(rate: Rate) -> str:
    """The directive of a location."""
    return f"limit_req zone={rate.zone} burst={rate.burst} nodelay;"


def server_rules() -> str:
    """What stands in a server before its locations: nobody gets past it to Portus."""
    return f"""\
    default_type application/json;
    {limit(PASSWORDS)}
    if ($uri ~ "[\\x00-\\x1f\\x7f]") {{ {_UNREADABLE} }}
    if ($request_uri ~ "{_OTHER_PATH}") {{ {_UNREADABLE} }}
    if ($remote_user ~ "^.{{{_LONGEST_NAME}}}.") {{ {_UNREADABLE} }}
    if ($credentials = unreadable) {{ {_UNREADABLE} }}
    if ($for_inside) {{ {_INSIDE} }}
"""


def token_rules() -> str:
    """What stands in the location of ``/v2/token``. Any method but GET is as unknown as it is to Portus."""
    return f"""\
      if ($request_method !~ "^(?:GET|HEAD)$") {{ {_NOT_HERE} }}
      if ($body) {{ {_MALFORMED} }}
      if ($token_request = "") {{ {_MALFORMED} }}
      if ($account_for_inside) {{ {_INSIDE} }}
      {limit(TOKENS)}
"""


def form_rules() -> str:
    """What stands in the location of the sign-in form: its body is read here, and Portus gets what is left of it."""
    return f"""\
      if ($query_of_form) {{ {_UNREADABLE} }}
      {limit(FORMS)}
      {limit(PASSWORDS)}
      client_max_body_size 16k;
      client_body_buffer_size 16k;
      client_body_in_single_buffer on;
      proxy_request_buffering on;
      proxy_set_body $form;
"""
