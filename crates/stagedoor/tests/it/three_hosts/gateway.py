"""A private REST API of API Gateway, as far as its function and its callers can tell.

Listens with TLS at the addresses of VPC endpoints, and says through which of them and from where a
request came. Gives the requests to the function that asks the Runtime API.

    gateway.py CERTIFICATE KEY RUNTIME-API ADDRESS=ENDPOINT [ADDRESS=ENDPOINT ...]
"""

import base64
import http.server
import itertools
import json
import queue
import ssl
import sys
import threading
import time
import urllib.parse

REQUESTS = queue.Queue()
WAITING = {}
NUMBERS = itertools.count(1)


class Runtime(http.server.BaseHTTPRequestHandler):
    """Lambda's Runtime API for one function."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number, payload = REQUESTS.get()
        self.answer(200, payload, {
            "Lambda-Runtime-Aws-Request-Id": number,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 29_000),
        })

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        *_, number, kind = self.path.split("/")
        if kind == "response":
            WAITING.pop(number).put(json.loads(body))
        else:
            print("the function failed:", body.decode(), file=sys.stderr, flush=True)
            WAITING.pop(number).put({"statusCode": 502, "body": "", "multiValueHeaders": {}})
        self.answer(202, b'{"status":"OK"}', {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def endpoint(name):
    """People's side, by one endpoint."""

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.pass_on()

        def do_POST(self):
            self.pass_on()

        def pass_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            headers = {}
            for header, value in self.headers.items():
                headers.setdefault(header.lower(), []).append(value)
            number = f"00000000-0000-4000-8000-{next(NUMBERS):012}"
            payload = {
                "resource": "/{proxy+}", "path": path, "httpMethod": self.command,
                "headers": {header: values[-1] for header, values in headers.items()},
                "multiValueHeaders": headers,
                "multiValueQueryStringParameters": urllib.parse.parse_qs(query, True) or None,
                "requestContext": {
                    "stage": "prod", "path": path, "httpMethod": self.command,
                    "identity": {
                        "sourceIp": self.client_address[0], "vpceId": name, "vpcId": "vpc-0dead",
                        "userArn": None,
                    },
                },
                "body": base64.b64encode(body).decode() or None, "isBase64Encoded": bool(body),
            }
            WAITING[number] = queue.Queue()
            mine = WAITING[number]
            REQUESTS.put((number, json.dumps(payload).encode()))
            answer = mine.get(timeout=29)
            text = answer["body"].encode()
            if answer.get("isBase64Encoded"):
                text = base64.b64decode(text)
            self.send_response(answer["statusCode"])
            for header, values in answer["multiValueHeaders"].items():
                for value in values:
                    self.send_header(header, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    return Endpoint


def main(certificate, key, runtime, *endpoints):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    host, port = runtime.split(":")
    servers = [http.server.ThreadingHTTPServer((host, int(port)), Runtime)]
    for pair in endpoints:
        address, name = pair.split("=")
        server = http.server.ThreadingHTTPServer((address, 443), endpoint(name))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        servers.append(server)
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    print("Private API ready.", file=sys.stderr, flush=True)


main(*sys.argv[1:])
