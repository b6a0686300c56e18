"""Signing in by OAuth at a real provider: with Portus as it is, and mended.

GitLab with a server of one's own on every release, OpenID Connect on 2.5. Providers whose address is fixed are asked,
nobody comes back from there. Lines are those of 2.4.3; files are below app/controllers/auth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract.portus.oauth_stage import (
    API,
    HOME,
    REGISTRATION,
    SIGN_IN,
    URL,
    Stage,
    email_of,
    is_admin,
    place,
    said,
)
from tests.contract.portus.provider import ADDRESS, CLIENT_ID, ELSEWHERE, Provider, callback, identity
from tests.contract.standin_bootstrap import bootstrap_by_api
from tests.contract.standin_harness import docker, lab
from tests.contract.standin_settings import PUBLIC_REGISTRY_NAME, REGISTRY_NAME
from tests.portus_image import GIVEN, generation_of, is_original, newer_image, portus_image

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

PATCHES = ("oauth_identity", "oauth_registration")
OPENID = "openid_connect"
HIDDEN_EMAIL = "portus@portus.com"
"""Of Portus' hidden administrator: app/models/user.rb:93."""
ADMIN_EMAIL, LOOKS_LIKE_ADMIN = "admin@portus.test", "admin@pórtus.test"
DOMAIN = "people.test"
GROUPS = [f"a group with a name of some length, number {number}" for number in range(40)]
IMAGES = [GIVEN] if GIVEN else [portus_image(2), newer_image()]


@pytest.fixture(scope="module", params=IMAGES)
def unmended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Portus as it is, with an administrator and a registry record."""
    if GIVEN and generation_of(GIVEN) == 1:
        pytest.skip("generation 1 has no OAuth")
    with lab(tmp_path_factory.mktemp("lab")) as started:
        started.start_database()
        started.start_registry("portus-stack.lab/registry:2.8", 2)
        stage = Stage(started, Provider(started), request.param)
        stage.start()
        registry = {"name": "registry", "hostname": REGISTRY_NAME, "use_ssl": "1"}
        registry["external_hostname"] = f"{PUBLIC_REGISTRY_NAME}:5000"
        stage.admin_token, _ = bootstrap_by_api(started.client("admin"), URL, registry)
        yield stage


@pytest.fixture(scope="module")
def trusting(unmended: Stage) -> Stage:
    """2.5 with `openid_connect` mended alone, and GitLab's server without the path of its API."""
    if not unmended.has_openid:
        pytest.skip("OpenID Connect is there since 2.5")
    unmended.start("openid_connect", gitlab__server=ADDRESS)
    return unmended


@pytest.fixture(scope="module")
def mended(unmended: Stage) -> Stage:
    """With every patch, and a domain for GitLab."""
    unmended.provider.start()
    patches = (*PATCHES, *(("openid_connect",) if unmended.has_openid else ()))
    groups = {} if unmended.has_openid else {"gitlab__group": "crew"}
    unmended.start(*patches, gitlab__domain=DOMAIN, **groups)
    return unmended


@pytest.fixture
def openid(mended: Stage) -> Stage:
    """The same where there is OpenID Connect."""
    if not mended.has_openid:
        pytest.skip("OpenID Connect is there since 2.5")
    return mended


def test_page_has_a_button_for_each_provider_that_is_on(unmended: Stage) -> None:
    """app/views/devise/sessions/_social_login.html.slim."""
    shown = set(re.findall(r'href="/users/auth/(\w+)"', unmended.browser().get(f"{URL}{SIGN_IN}").text))
    assert shown == {*ELSEWHERE, "gitlab", *([OPENID] if unmended.has_openid else [])}
    assert place(unmended.browser().get(f"{URL}/users/auth/open_id")) == SIGN_IN, "it is off"


@pytest.mark.parametrize("name", [*ELSEWHERE, "gitlab"])
def test_provider_is_asked_for_the_registered_client_and_callback(unmended: Stage, name: str) -> None:
    """config/initializers/devise/oauth.rb."""
    sent = urlsplit(unmended.browser().get(f"{URL}/users/auth/{name}").headers["location"])
    host = urlsplit(ADDRESS).netloc if name == "gitlab" else ELSEWHERE[name][0]
    query = parse_qs(sent.query)
    asked = (sent.netloc, query["client_id"], query["redirect_uri"], query["response_type"])
    assert asked == (host, [CLIENT_ID], [callback(name)], ["code"])


def test_first_sign_in_asks_for_a_name_and_the_second_does_not(unmended: Stage) -> None:
    """omniauth_callbacks_controller.rb:59, omniauth_registrations_controller.rb:20."""
    olga, who = unmended.browser(), identity("olga@people.test", "olga")
    assert place(unmended.sign_in(olga, who)) == REGISTRATION
    assert unmended.user("olga") is None, "nobody is made before she has a name"
    assert 'value="olga"' in said(olga, REGISTRATION), "the provider's name is suggested"
    assert place(unmended.register(olga, "olga-example", "Olga")) == HOME
    assert (email_of(olga), is_admin(olga)) == ("olga@people.test", False)
    made = unmended.user("olga-example")
    assert made and (made["email"], made["admin"], made["display_name"]) == ("olga@people.test", False, "Olga")
    owned = "SELECT n.name FROM users u JOIN namespaces n ON n.id = u.namespace_id WHERE u.username = 'olga-example'"
    assert unmended.lab.sql(owned) == [["olga_example"]]
    again = unmended.browser()
    assert place(unmended.sign_in(again, who)) == HOME
    assert email_of(again) == "olga@people.test"


def test_name_that_somebody_has_is_not_taken(unmended: Stage) -> None:
    """app/models/user.rb:275: another one is suggested."""
    client = unmended.browser()
    assert place(unmended.sign_in(client, identity("other@people.test", "admin"))) == REGISTRATION
    assert 'value="admin_01"' in said(client, REGISTRATION)
    assert place(unmended.register(client, "admin")) == REGISTRATION
    assert "Username has already been taken" in said(client, REGISTRATION)
    assert email_of(client) is None


def test_unmended_an_empty_display_name_is_unique(unmended: Stage) -> None:
    """db/schema.rb: index_users_on_display_name; nothing looks before, and in 2.5 nothing catches it."""
    answers = []
    for name in ("first-one", "second-one"):
        client = unmended.browser()
        assert place(unmended.sign_in(client, identity(f"{name}@people.test", name))) == REGISTRATION
        answers.append(unmended.register(client, name))
    assert place(answers[0]) == HOME
    assert answers[1].status == 500 if unmended.has_openid else place(answers[1]) == REGISTRATION
    assert unmended.user("second-one") is None


def test_docker_signs_in_with_an_application_token(unmended: Stage) -> None:
    """Somebody who came by OAuth has no password; lib/portus/auth_from_token.rb."""
    otto = unmended.browser()
    assert place(unmended.sign_in(otto, identity("otto@people.test", "otto"))) == REGISTRATION
    assert place(unmended.register(otto, "otto", "Otto")) == HOME
    made = unmended.user("otto")
    assert made
    answer = otto.post_json(f"{API}/users/{made['id']}/application_tokens", {"application": "docker"})
    assert answer.status == 201, answer.text
    token = cast("dict[str, str]", answer.json())["plain_token"]
    asked = f"{URL}/v2/token?service={REGISTRY_NAME}&account=otto&scope=repository:otto/thing:push"
    assert unmended.browser().get(asked, "--user", f"otto:{token}").status == 200
    assert unmended.browser().get(asked, "--user", "otto:").status == 401


def test_somebody_elses_way_back_is_refused(unmended: Stage) -> None:
    """The state is that of another browser: omniauth-oauth2 1.6.0 lib/omniauth/strategies/oauth2.rb:70."""
    one, other = unmended.browser(), unmended.browser()
    unmended.provider.next(one, identity("olga@people.test"))
    back = one.get(one.get(f"{URL}/users/auth/gitlab").headers["location"]).headers["location"]
    other.get(f"{URL}/users/auth/gitlab")
    assert place(other.get(back)) == SIGN_IN
    assert 'Could not authenticate you from GitLab because "Csrf detected"' in said(other)


def test_registration_without_a_provider_makes_nobody(unmended: Stage) -> None:
    client = unmended.browser()
    assert place(client.get(f"{URL}{REGISTRATION}")) == SIGN_IN
    answer = client.submit(f"{URL}{SIGN_IN}", f"{URL}{REGISTRATION}", {"user[username]": "nobody"})
    assert answer.status == (500 if unmended.has_openid else 302)
    assert unmended.user("nobody") is None


@pytest.mark.parametrize("email", [HIDDEN_EMAIL, ADMIN_EMAIL, LOOKS_LIKE_ADMIN])
def test_unmended_an_address_is_enough_to_be_administrator(unmended: Stage, email: str) -> None:
    """omniauth_callbacks_controller.rb:61: MariaDB compares, and finds the hidden user too."""
    client = unmended.browser()
    unmended.sign_in(client, identity(email))
    assert is_admin(client)


def test_unmended_without_an_address_one_is_who_has_none(unmended: Stage) -> None:
    """omniauth_callbacks_controller.rb:61: `WHERE email IS NULL`; users of LDAP may have none."""
    unmended.lab.sql("UPDATE users SET email = NULL WHERE username = 'smoke-check'")
    client = unmended.browser()
    assert place(unmended.sign_in(client, identity(None))) == "/users/edit"
    assert client.get(f"{URL}/users/edit").status == 200


def test_unmended_long_tokens_do_not_fit_into_the_session(unmended: Stage) -> None:
    """omniauth_callbacks_controller.rb:63: a cookie holds 4 KiB."""
    unmended.provider.start(long_tokens=True)
    client = unmended.browser()
    assert unmended.sign_in(client, identity("long@people.test")).status == 500
    known = unmended.browser()
    assert place(unmended.sign_in(known, identity("olga@people.test"))) == HOME, "only somebody new is kept there"


def test_unmended_a_provider_of_ones_own_is_not_trusted_and_asked_for_too_much(unmended: Stage) -> None:
    """httpclient 2.8.3 lib/httpclient/ssl_config.rb:417; v2.5 config/initializers/devise/oauth.rb:39."""
    if not unmended.has_openid:
        pytest.skip("OpenID Connect is there since 2.5")
    assert unmended.browser().get(f"{URL}/users/auth/{OPENID}").status == 500
    lists = "-path '*/httpclient/cacert.pem' -o -path '*/certifi/cacert.pem'"
    script = f"for file in $(find / -xdev {lists}); do cat /certificates/registry-ca.crt >> $file; done"
    docker("exec", "--user=0", unmended.portus, "sh", "-ec", script)
    client = unmended.browser()
    sent = client.get(f"{URL}/users/auth/{OPENID}")
    assert parse_qs(urlsplit(sent.headers["location"]).query)["scope"] == ["openid email profile address"]
    refused = client.get(sent.headers["location"])
    assert (refused.status, cast("dict[str, str]", refused.json())["error"]) == (400, "invalid_scope")


def test_trusting_the_tokens_of_openid_do_not_fit_into_the_session(trusting: Stage) -> None:
    client = trusting.browser()
    assert trusting.sign_in(client, identity("oscar@people.test", groups=GROUPS), OPENID).status == 500


def test_trusting_gitlabs_server_is_the_address_of_its_api(trusting: Stage) -> None:
    """omniauth-gitlab 2.0.0 lib/omniauth/strategies/gitlab.rb:24 asks for `SERVER/user`."""
    client = trusting.browser()
    assert place(trusting.sign_in(client, identity("olga@people.test"))) == SIGN_IN
    assert 'Could not authenticate you from GitLab because "Invalid credentials"' in said(client)


def test_openid_signs_in(openid: Stage) -> None:
    """With tokens as long as providers' are; it has no domain."""
    who = identity("oscar@elsewhere.test", "oscar", groups=GROUPS, email_verified=True)
    oscar = openid.browser()
    assert place(openid.sign_in(oscar, who, OPENID)) == REGISTRATION
    assert 'value="oscar"' in said(oscar, REGISTRATION)
    assert place(openid.register(oscar, "oscar")) == HOME
    assert (email_of(oscar), is_admin(oscar)) == ("oscar@elsewhere.test", False)
    again = openid.browser()
    assert place(openid.sign_in(again, who, OPENID)) == HOME
    assert email_of(again) == "oscar@elsewhere.test"


def test_long_tokens_are_no_matter(mended: Stage) -> None:
    mended.provider.start(long_tokens=True)
    client = mended.browser()
    who = identity("long@people.test", "long", groups=["crew"])
    assert place(mended.sign_in(client, who)) == REGISTRATION
    assert 'value="long"' in said(client, REGISTRATION)
    assert place(mended.register(client, "long")) == HOME
    assert email_of(client) == "long@people.test", "without a display name, as the one before"
    if is_original(2):
        kept = mended.lab.sql("SELECT provider, uid FROM users WHERE username = 'long'")
        assert kept == [["gitlab", who["sub"]]], "the stand-in has no such columns"


@pytest.mark.parametrize("email", ["eve@elsewhere.test", "eve@sub.people.test", "eve@people.test.elsewhere.test"])
def test_other_domain_is_refused(mended: Stage, email: str) -> None:
    """omniauth_callbacks_controller.rb:68."""
    client = mended.browser()
    assert place(mended.sign_in(client, identity(email, groups=["crew"]))) == SIGN_IN
    assert f"Email addresses on the domain {email.partition('@')[2]} aren't allowed." in said(client)
    assert email_of(client) is None


def test_who_is_not_in_the_group_is_refused(mended: Stage) -> None:
    """omniauth_callbacks_controller.rb:86."""
    if mended.has_openid:
        pytest.skip("from 2.5 on the group is asked for at SERVER/api/v4/api/v4")
    client = mended.browser()
    assert place(mended.sign_in(client, identity("eve@people.test", groups=["another"]))) == SIGN_IN
    assert "The Gitlab account isn't in allowed group." in said(client)


@pytest.mark.parametrize("email", [None, HIDDEN_EMAIL, HIDDEN_EMAIL.upper(), LOOKS_LIKE_ADMIN, "admin@portus.test "])
@pytest.mark.parametrize("provider", ["gitlab", OPENID])
def test_nobody_is_somebody_else(mended: Stage, email: str | None, provider: str) -> None:
    if provider == OPENID and not mended.has_openid:
        pytest.skip("OpenID Connect is there since 2.5")
    client = mended.browser()
    assert place(mended.sign_in(client, identity(email), provider)) == SIGN_IN
    message = "Your account has no email address." if email is None else "Your email address is somebody else's."
    assert message in said(client)
    assert not is_admin(client)


def test_address_that_is_not_verified_is_nobodys(openid: Stage) -> None:
    client = openid.browser()
    assert place(openid.sign_in(client, identity(ADMIN_EMAIL, email_verified=False), OPENID)) == SIGN_IN
    assert "Your email address is not verified." in said(client)


def test_verified_address_in_other_letters_is_the_same_user(openid: Stage) -> None:
    """Docs say it: somebody with the administrator's verified address is the administrator."""
    client = openid.browser()
    assert place(openid.sign_in(client, identity("Admin@Portus.test", email_verified=True), OPENID)) == HOME
    assert (email_of(client), is_admin(client)) == (ADMIN_EMAIL, True)
