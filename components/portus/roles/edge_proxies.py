"""Proxies in front of the edge: whom it believes who the client is.

From then on ``$remote_addr`` is the client's address, for logs, limits and Portus; ``$realip_remote_addr`` is whose
connection it is. Source: nginx documentation (``ngx_http_realip_module``, which every usual build has; it is used where
there are proxies only).
"""

from collections.abc import Sequence


def rules(ranges: Sequence[str], proxy_protocol: bool) -> str:
    """What stands in the ``http`` block: the last address that is no proxy's is the client's, whatever it claims."""
    if not ranges:
        return ""
    header = "proxy_protocol" if proxy_protocol else "X-Forwarded-For"
    trusted = "".join(f"  set_real_ip_from {each};\n" for each in ranges)
    return f"\n{trusted}  real_ip_header {header};\n  real_ip_recursive on;\n"


def listen_words(proxy_protocol: bool) -> str:
    """What a port has that outsiders come to."""
    return " proxy_protocol" if proxy_protocol else ""
