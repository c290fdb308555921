"""Verifies each token with PyJWT and joserfc, and signs each payload. Reads one JSON text and writes one."""

import json
import sys

import jwt
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet, OKPKey

batch = json.load(sys.stdin)
issuer, audience, required = batch["issuer"], batch["audience"], batch["required"]


def pyjwt_verifies(token):
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(batch["jwks"]).keys}
    key = keys[jwt.get_unverified_header(token["text"])["kid"]]
    jwt.decode(
        token["text"], key, algorithms=["EdDSA"], issuer=issuer, audience=audience, options={"require": required}
    )


def joserfc_verifies(token):
    decoded = joserfc.decode(token["text"], KeySet.import_key_set(batch["jwks"]), algorithms=["EdDSA"])
    rules = {name: {"essential": True} for name in required}
    rules["iss"]["value"], rules["aud"]["value"] = issuer, audience
    joserfc.JWTClaimsRegistry(**rules).validate(decoded.claims)


def accepts(verify, token):
    try:
        verify(token)
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
        "verdicts": [accepts(verify, token) for token in batch["tokens"]],
        "signed": [sign(payload) for payload in batch["payloads"]],
    }


json.dump({"PyJWT": report(pyjwt_verifies, pyjwt_signs), "joserfc": report(joserfc_verifies, joserfc_signs)}, sys.stdout)
