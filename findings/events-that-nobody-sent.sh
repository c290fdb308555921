#!/usr/bin/env bash
# Two Python clients deliver events that an event stream does not contain
#
# Packages: httpx-sse 0.4.3 with httpx 0.28.1, sseclient-py 1.9.0 (PyPI).
# What it does: both read three streams: a block with an "id" alone before an event; a block with a
#   "retry" alone before an event; and an event after which the connection ends in the middle of
#   the next one.
# Why it surprises: a block without "data" is not dispatched, and a block that the stream's end
#   cuts off is discarded (HTML Standard, section 9.2.6). httpx-sse delivers an event with empty
#   data for the first two; sseclient-py delivers the half event, as if it were whole.
# For tokens in embeds: a server sends "retry" or "id" alone as a heartbeat. json.loads("") then
#   ends the loop that follows revocations or streams a model. A half event looks like a bad message.
# Daypass: its feed sends "data" in every block. An event that its verifier can't read ends the
#   stream, and without the feed the verifier refuses every token (fail closed).
set -euo pipefail
command -v python3 >/dev/null || { echo "This finding needs python3."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check httpx-sse==0.4.3 httpx==0.28.1 sseclient-py==1.9.0

cat >finding.py <<'PYTHON'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import httpx
import httpx_sse
import sseclient

STREAMS = {
    'id alone': b'id: 7\n\ndata: {"seq":8}\n\n',
    'retry alone': b'retry: 3000\n\ndata: {"seq":8}\n\n',
    'cut off': b'data: {"seq":8}\n\ndata: {"seq":9,\n',
}

class Feed(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.end_headers()
        self.wfile.write(STREAMS[self.path[1:].replace('%20', ' ')])

    def log_message(self, *arguments):
        pass

server = ThreadingHTTPServer(('127.0.0.1', 0), Feed)
threading.Thread(target=server.serve_forever, daemon=True).start()

def by_httpx_sse(url):
    with httpx.Client() as client, httpx_sse.connect_sse(client, 'GET', url) as source:
        return [event.data for event in source.iter_sse()]

def by_sseclient(url):
    with httpx.stream('GET', url) as response:
        return [event.data for event in sseclient.SSEClient(response.iter_bytes()).events()]

for package in ('httpx-sse', 'sseclient-py'):
    print(package, version(package))
print('Expected: one event from each stream, {"seq":8} (HTML Standard, section 9.2.6).')
wrong = []
for name in STREAMS:
    for client in (by_httpx_sse, by_sseclient):
        events = client(f'http://127.0.0.1:{server.server_port}/{name}')
        print(f'Seen: {name}, {client.__name__}: {events}')
        if events != ['{"seq":8}']:
            wrong.append((name, client.__name__))
if wrong != [('id alone', 'by_httpx_sse'), ('retry alone', 'by_httpx_sse'), ('cut off', 'by_sseclient')]:
    raise SystemExit(f'CHANGED: httpx-sse should add an event twice, sseclient-py once, not {wrong}.')
PYTHON
python/bin/python finding.py
