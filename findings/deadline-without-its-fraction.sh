#!/usr/bin/env bash
# A Biscuit refuses a request that comes half a second before its deadline
#
# Package: biscuit-python 0.4.0 (PyPI).
# What it does: builds a token with a deadline that has milliseconds, as most libraries print times,
#   and authorizes requests a second and half a second before it.
# Why it surprises: Datalog takes the date (RFC 3339 has fractions of a second) and drops the
#   fraction without an error, in the token and in the time of the request alike. Both are then the
#   same second, and "time < deadline" is false. A datetime parameter of Python loses its part too.
# For tokens in embeds: a token that a service, a database and a page call active is refused by the
#   API in its last second, which is when a page that trusts the deadline still uses it.
# Daypass: its times are whole seconds in every format, and the SDK refreshes well before the end.
set -euo pipefail
command -v python3 >/dev/null || { echo "This finding needs python3."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check biscuit-python==0.4.0

cat >finding.py <<'PYTHON'
from datetime import datetime, timezone
from importlib.metadata import version

from biscuit_auth import AuthorizationError, AuthorizerBuilder, BiscuitBuilder, KeyPair

key = KeyPair().private_key
second = datetime(2027, 1, 1, tzinfo=timezone.utc)
deadline = second.replace(microsecond=900_000)
check = 'check if time($time), $time < {deadline}'
token = BiscuitBuilder(check, {'deadline': deadline}).build(key)

def is_allowed(time):
    try:
        AuthorizerBuilder('time({time}); allow if true', {'time': time}).build(token).authorize()
        return True
    except AuthorizationError:
        return False

print(f'biscuit-python {version("biscuit-python")}')
print(f'Expected: requests before {deadline.isoformat()} are allowed.')
print(f'Seen: the token says: {token.block_source(0).strip()}')
written = BiscuitBuilder('check if time($time), $time < 2027-01-01T00:00:00.900Z').build(key).block_source(0).strip()
print(f'Seen: the same, written as 00:00:00.900Z: {written}')
times = [second.replace(year=2026, month=12, day=31, hour=23, minute=59, second=59, microsecond=900_000),
         second.replace(microsecond=400_000)]
outcomes = [is_allowed(time) for time in times]
for time, outcome in zip(times, outcomes):
    print(f'Seen: at {time.isoformat()}: {"allowed" if outcome else "refused"}')
if outcomes != [True, False] or not written.endswith('< 2027-01-01T00:00:00Z;'):
    raise SystemExit('CHANGED: the request half a second before the deadline should be refused.')
PYTHON
python/bin/python finding.py
