"""Authlib beside the service: a public client and a confidential one. It has no DPoP."""

import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
import requests

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"

world = json.loads(sys.stdin.readline())
server = requests.get(world["issuer"] + "/.well-known/oauth-authorization-server", timeout=30).json()


def visit(url):
    """Lets the person open an authorization URL and consent, and returns where the client is sent back to."""
    print(json.dumps({"visit": url}), flush=True)
    return json.loads(sys.stdin.readline())


def introspect(token):
    """Asks as the API what a token is."""
    api = OAuth2Session(world["introspector"]["id"], world["introspector"]["secret"])
    return api.introspect_token(server["introspection_endpoint"], token=token).json()


def run(session):
    """Everything that one client does with a user's consent."""
    verifier = generate_token(48)
    url, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier)
    token = session.fetch_token(
        server["token_endpoint"], authorization_response=visit(url), state=state, code_verifier=verifier
    )
    assert token["token_type"].lower() == "bearer" and token["refresh_token"], sorted(token)
    assert session.get(world["api"] + "/floor", timeout=30).status_code == 200
    assert introspect(token["access_token"])["active"]

    refreshed = session.refresh_token(server["token_endpoint"], refresh_token=token["refresh_token"])
    assert refreshed["refresh_token"] != token["refresh_token"]

    narrow = session.fetch_token(
        server["token_endpoint"],
        grant_type=EXCHANGE,
        subject_token=refreshed["access_token"],
        subject_token_type=ACCESS_TOKEN,
        scope="floor:readPublic",
    )
    assert narrow["issued_token_type"] == ACCESS_TOKEN and narrow["scope"] == "floor:readPublic", sorted(narrow)
    refused = requests.get(
        world["api"] + "/private", headers={"Authorization": "Bearer " + narrow["access_token"]}, timeout=30
    )
    assert refused.status_code == 403, refused.status_code

    revoked = session.revoke_token(
        server["revocation_endpoint"], token=refreshed["refresh_token"], token_type_hint="refresh_token"
    )
    assert revoked.status_code == 200, revoked.status_code
    assert not introspect(narrow["access_token"])["active"]
    try:
        session.refresh_token(server["token_endpoint"], refresh_token=refreshed["refresh_token"])
    except OAuthError as error:
        assert error.error == "invalid_grant", error.error
    else:
        raise AssertionError("a revoked refresh token was accepted")


settings = {
    "scope": "floor:readPublic floor:readPrivate",
    "redirect_uri": world["redirectUri"],
    "code_challenge_method": "S256",
}
run(OAuth2Session(world["publicClient"], token_endpoint_auth_method="none", **settings))
confidential = world["confidentialClient"]
for method in ["client_secret_basic", "client_secret_post"]:
    run(OAuth2Session(confidential["id"], confidential["secret"], token_endpoint_auth_method=method, **settings))
own = OAuth2Session(confidential["id"], confidential["secret"], scope="floor:readPublic")
assert own.fetch_token(server["token_endpoint"], grant_type="client_credentials")["access_token"]

done = ["code", "refresh", "exchange", "introspection", "revocation", "credentials"]
print(json.dumps({"done": done}), flush=True)
