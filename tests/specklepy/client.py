"""Does with specklepy what a person does with personal tokens. Prints each outcome as JSON, and no token.

The arguments are the service's URL and what to do; a token comes in the environment, TOKEN.
"""

import json
import os
import sys
from urllib.parse import urlsplit

from specklepy.api.client import SpeckleClient
from specklepy.logging import metrics
from specklepy.logging.exceptions import GraphQLException, SpeckleException

# Nothing leaves this machine.
metrics.disable()

service = urlsplit(sys.argv[1])
HOUR = 3_600_000


def sign_in(token):
    client = SpeckleClient(host=service.netloc, use_ssl=service.scheme == "https")
    client.authenticate_with_token(token)
    return client


def refusal(act):
    """The first error's message, or the text of another failure; None if nothing failed."""
    try:
        act()
    except GraphQLException as error:
        return error.errors[0]["message"]
    except SpeckleException as error:
        return str(error.exception or error)
    return None


def tokens(client):
    """The tokens of the person, by GraphQL as specklepy has no call for them."""
    from gql import gql

    query = "{ activeUser { apiTokens { id name lastChars scopes lifespan } } }"
    return client.httpclient.execute(gql(query))["activeUser"]["apiTokens"]


def manage(client):
    token = client.server.create_token(name="Grasshopper", scopes=["profile:read", "streams:read"], lifespan=HOUR)
    listed = [record for record in tokens(client) if token.startswith(record["id"])]
    own = sign_in(token)
    report = {
        "length": len(token),
        "listed": [[record["name"], sorted(record["scopes"]), record["lifespan"]] for record in listed],
        "ends": token.endswith(listed[0]["lastChars"]),
        "user": own.account.userInfo.name,
        "email": own.account.userInfo.email,
        "creates": refusal(lambda: own.server.create_token(name="n", scopes=["profile:read"], lifespan=HOUR)),
        "more": refusal(lambda: client.server.create_token(name="n", scopes=["server:setup"], lifespan=HOUR)),
        "none": refusal(lambda: client.server.create_token(name="n", scopes=[], lifespan=HOUR)),
        "write": refusal(lambda: client.server.create_token(name="n", scopes=["tokens:write"], lifespan=HOUR)),
        "revoked": client.server.revoke_token(token),
    }
    report["again"] = refusal(lambda: client.server.revoke_token(token))
    report["after"] = "403" in (refusal(lambda: sign_in(token)) or "")
    report["request"] = "403" in (refusal(lambda: own.server.get()) or "")
    return report


def main():
    client = sign_in(os.environ["TOKEN"])
    info = client.server.get()
    report = {
        "user": client.account.userInfo.name,
        "email": client.account.userInfo.email,
        "server": info.name,
        "version": list(client.server.version()),
        "scopes": len(info.scopes),
        "apps": refusal(client.server.apps),
    }
    if "manage" in sys.argv[2:]:
        report["managed"] = manage(client)
    print(json.dumps(report))


main()
