"""What PyJWT and joserfc say of each document, and what they sign. Reads one JSON text, writes one."""

import json
import sys

import jwt
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet, OKPKey

batch = json.load(sys.stdin)
issuer, audience, required = batch["issuer"], batch["audience"], batch["required"]


def pyjwt_verifies(document):
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(batch["jwks"]).keys}
    key = keys[jwt.get_unverified_header(document["text"])["kid"]]
    jwt.decode(
        document["text"], key, algorithms=["EdDSA"], issuer=issuer, audience=audience, options={"require": required}
    )


def joserfc_verifies(document):
    token = joserfc.decode(document["text"], KeySet.import_key_set(batch["jwks"]), algorithms=["EdDSA"])
    rules = {name: {"essential": True} for name in required}
    rules["iss"]["value"], rules["aud"]["value"] = issuer, audience
    joserfc.JWTClaimsRegistry(**rules).validate(token.claims)


def accepts(verify, document):
    try:
        verify(document)
        return True
    except Exception:
        return False


def pyjwt_signs(payload):
    key = jwt.PyJWK.from_dict(batch["privateKey"])
    header = json.loads(payload["header"])
    return jwt.encode(payload["claims"], key, algorithm="EdDSA", headers=header, sort_headers=False)


def joserfc_signs(payload):
    key = OKPKey.import_key(batch["privateKey"])
    return joserfc.encode(json.loads(payload["header"]), payload["claims"], key, algorithms=["EdDSA"])


def report(verify, sign):
    return {
        "verdicts": [accepts(verify, document) for document in batch["documents"]],
        "signed": [sign(payload) for payload in batch["payloads"]],
    }


json.dump({"PyJWT": report(pyjwt_verifies, pyjwt_signs), "joserfc": report(joserfc_verifies, joserfc_signs)}, sys.stdout)
