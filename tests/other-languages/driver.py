"""Verifies each token with each module of a folder. Reads one JSON text from standard input and writes one."""

import importlib
import json
import sys

batch = json.load(sys.stdin)
sys.path.insert(0, batch["folder"])


def verdict(verify, token):
    try:
        return verify(token)["jti"]
    except Exception as error:
        return f"refused: {error!r}"


report = {}
for name in batch["modules"]:
    verify = importlib.import_module(name.removesuffix(".py")).verify
    report[name] = {what: verdict(verify, token) for what, token in batch["tokens"].items()}
json.dump(report, sys.stdout)
