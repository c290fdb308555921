#!/bin/sh
# Makes store.sql and told.json, the store of commit 9171dba, for the test `upgrade`:
#   git worktree add /tmp/old 9171dba && (cd /tmp/old && cargo build --bin daypass)
#   ./make.sh /tmp/old/target/debug/daypass
# The store is thrown away: its tokens and keys open nothing but copies of it.
set -eu
daypass=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
"$daypass" serve --json --data daypass.db --listen 127.0.0.1:0 --issuer https://tokens.example >line 2>/dev/null &
server=$!
until [ -s line ]; do sleep 0.1; done
url=$(jq -r .listening line)
owner=$(jq -r '.adminToken // .ownerToken' line)
create() { "$daypass" token create --json --data daypass.db "$@"; }
create --kind secret --name Backend >backend
create --kind secret --name API --scope token:introspect >api
create --kind publishable --name Site --origin '*.example.com' >site
create --kind application --name Partner --id northlight --scope bundle:create --scope floor:readPrivate >partner
create --kind secret --name Revoked >revoked
create --kind application --name Gone --id gone --scope bundle:create >gone
curl -sf -X DELETE -H "Authorization: Bearer $owner" "$url/v2/access-token/$(jq -r .id revoked)" >/dev/null
"$daypass" token revoke gone --data daypass.db >/dev/null
curl -sf -X POST -H "Authorization: Bearer $(jq -r .token backend)" -H 'Content-Type: application/json' \
    -d '{"scopes":["floor:readPublic"]}' "$url/v2/temporary-access-token/create" >temporary
curl -sf -X POST -H "x-api-key: $(jq -r .token partner)" -H 'Content-Type: application/json' -d '{"floor":"1"}' \
    "$url/generate" >/dev/null
# A JWT is revoked too.
curl -sf -X POST -H "Authorization: Bearer $owner" \
    -d "token=$(jq -r .authorization temporary | sed 's/^Bearer //')" "$url/revoke" >/dev/null
"$daypass" key rotate --now --data daypass.db >/dev/null
"$daypass" token list --json --data daypass.db >list
curl -sf "$url/.well-known/jwks.json" >jwks
curl -sf -H "Authorization: Bearer $owner" "$url/v2/revocation?after=0" >feed
kill "$server"
wait "$server" || true
told() { jq --arg name "$1" --argjson active "$2" '{name: $name, token: .token, active: $active}' "$3"; }
jq -n --arg token "$owner" '{name: "owner", token: $token, active: true}' >tokens
told backend true backend >>tokens
told api true api >>tokens
told site true site >>tokens
told partner true partner >>tokens
told revoked false revoked >>tokens
told gone false gone >>tokens
jq -s '.' tokens >all
jq -n --slurpfile tokens all --slurpfile list list --slurpfile jwks jwks --slurpfile feed feed \
    '{"//": "Tokens of a store that was thrown away: they open nothing.", tokens: $tokens[0], list: $list[0],
      jwks: $jwks[0], feed: $feed[0]}' >"$here/told.json"
{
    echo "-- Made by make.sh with commit 9171dba."
    sqlite3 daypass.db .dump
    echo "PRAGMA user_version = $(sqlite3 daypass.db 'PRAGMA user_version');"
} >"$here/store.sql"
