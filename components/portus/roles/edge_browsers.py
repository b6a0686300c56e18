"""What the edge adds for browsers: cookies that stay where they belong, and pages of others that get nothing done.

Each rule closes what Portus gets wrong by itself (SUSE/Portus 2.4.3; the same in v2.5): its session cookie has neither
Secure nor SameSite (``config/initializers/session_store.rb``), its API takes that cookie from any page
(``lib/api/helpers.rb``), and ``/v2/token`` both takes one and gives one
(``app/controllers/api/v2/tokens_controller.rb``), which outlives the application token that it was given for.
"""

_MAPS = """
  # Requests for tokens bring their credentials with them: a session is none, and none comes of them.
  map $uri $cookies {{
    /v2/token "";
    /v2/token.json "";
    /v2/token/ "";
    default $http_cookie;
  }}
  # Browsers tell which page sends a request that may change something; other clients of the API tell nothing.
  map "$request_method $http_origin" $foreign_page {{
    "~^(?:GET|HEAD|OPTIONS) " "";
    "~^[A-Z]+ $" "";
    "~*^[A-Z]+ https://{address}$" "";
    default yes;
  }}
  proxy_set_header Cookie $cookies;
  proxy_cookie_flags ~ secure httponly samesite=lax;
"""


def rules(portus_address: str) -> str:
    """What stands in the ``http`` block; ``portus_address`` is Portus' public ``host[:port]``."""
    return _MAPS.format(address=portus_address.replace(".", "[.]"))


def api_rules() -> str:
    """What stands in the location of the API."""
    return (
        '      if ($foreign_page) { return 403 \'{"message":"this request comes from a page of somebody else"}\'; }\n'
    )


def token_rules() -> str:
    """What stands in the locations of ``/v2/token``."""
    return "      proxy_hide_header Set-Cookie;\n"
