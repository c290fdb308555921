"""What schemathesis sends beside what it makes up, and what it does not send."""

import json
import os

import schemathesis

OWN = os.environ["OWN"]
# Ids that exist, by the names that paths give them.
KNOWN = json.loads(os.environ["KNOWN"])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Names what exists in half of the requests: of ids that are made up, the service knows none."""
    for name, text in (path_parameters or {}).items():
        kind = "token" if name == "id" and context.operation.path.startswith("/v2/access-token/") else name
        ids = KNOWN.get(kind)
        if ids and len(text) % 2 == 0:
            path_parameters[name] = ids[ord(text[0]) % len(ids)]
    return path_parameters


@schemathesis.hook
def filter_case(context, case):
    """Leaves out requests that end the token that makes them: about it, and about everything older than now."""
    is_about_own = OWN in (case.path_parameters or {}).values()
    body = case.body if isinstance(case.body, dict) else {}
    moment = body.get("issuedBefore")
    # Before 2020, or in the future: neither revokes it.
    ends_own = case.path == "/v2/revocation" and isinstance(moment, int) and 1_577_836_800 < moment < 4_102_444_800
    return not (is_about_own or ends_own)
