"""A small web site on one origin, with the features of ordinary sites."""

import base64
import email.utils
import hashlib
import html
import os
import re
import subprocess
import threading
import urllib.parse

from . import websocket
from .message import Ended
from .origin import Origin

BLOCK = bytes(range(256)) * 4096  # 1 MiB of content that shows a shifted or lost byte.

USER, PASSWORD = "ada", "wonder & love"


def generated(size, at=0):
    """`size` bytes of the content of /size/N, from offset `at`, in pieces."""
    while size > 0:
        start = at % len(BLOCK)
        piece = memoryview(BLOCK)[start : start + size]
        yield piece
        size -= len(piece)
        at += len(piece)


class Site(Origin):
    def __init__(self, **more):
        self.sessions = set()
        self.uploaded = {}  # path -> bytes counted, also of uploads that did not end
        self.upload_complete = set()
        self.connections_of_user = []
        self.routes = {}
        self.git_root = None
        self.files_root = None
        self.nonce = os.urandom(8).hex()
        self.gate = threading.Event()
        super().__init__(self._connection, **more)

    def _connection(self, connection):
        connection.ntlm = None
        while connection.more():
            request = connection.head()
            path = urllib.parse.urlsplit(request.target).path
            if path.startswith("/upload"):
                self._upload(connection, request, path)
                continue
            connection.body(request)
            if path in self.routes:
                self.routes[path](connection, request)
            elif path.startswith("/size/"):
                self._sized(connection, request, int(path.split("/")[2]))
            elif path.startswith("/files/") and self.files_root:
                self._file(connection, request, path[len("/files/") :])
            elif path.startswith("/git/") and self.git_root:
                self._git(connection, request)
            else:
                handler = getattr(self, "page_" + path.strip("/").replace("-", "_").replace("/", "_"), None)
                if path == "/":
                    handler = self.page_index
                if handler is None:
                    self._html(connection, request, "<p>There is nothing here.</p>", "404 Not Found")
                else:
                    handler(connection, request)
            if request.fields.get("connection", "").lower() == "close":
                return

    def _html(self, connection, request, text, status="200 OK", fields=()):
        body = b"" if request.method == "HEAD" else f"<!DOCTYPE html><title>Site</title>{text}".encode()
        connection.respond(body, status, [("Content-Type", "text/html; charset=utf-8"), *fields])

    # Pages

    def page_index(self, connection, request):
        self._html(connection, request, "<h1>Welcome</h1>")

    def page_redirect(self, connection, request):
        self._html(connection, request, "", "302 Found", [("Location", "/")])

    def page_echo(self, connection, request):
        connection.respond(request.body, fields=[("Content-Type", "application/octet-stream"), ("X-Method", request.method)])

    def page_chunked(self, connection, request):
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b"one ", b"two ", b"three"):
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.send("0\r\n\r\n")

    def page_ws(self, connection, request):
        websocket.serve_echo(connection, request)

    # Logging in

    def page_login(self, connection, request):
        form = urllib.parse.parse_qs(request.body.decode())
        if request.method == "GET":
            self._html(connection, request, "<form method=post><input name=user><input name=password type=password></form>")
        elif form.get("user") == [USER] and form.get("password") == [PASSWORD]:
            session = os.urandom(8).hex()
            self.sessions.add(session)
            cookies = [("Set-Cookie", f"session={session}; Path=/; HttpOnly"), ("Set-Cookie", "theme=dark, blue; Path=/")]
            self._html(connection, request, "", "303 See Other", [("Location", "/members"), *cookies])
        else:
            self._html(connection, request, "<p>No.</p>", "403 Forbidden")

    def page_members(self, connection, request):
        cookie = re.search(r"(?:^|; )session=([0-9a-f]+)", request.fields.get("cookie", ""))
        if cookie and cookie[1] in self.sessions:
            self._html(connection, request, f"<h1>Members</h1><p>Hello, {html.escape(USER)}.</p>")
        else:
            self._html(connection, request, "<p>Members only.</p>", "403 Forbidden")

    def page_basic(self, connection, request):
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.fields.get("authorization") == expected:
            self._html(connection, request, "<h1>Members</h1>")
        else:
            self._html(connection, request, "", "401 Unauthorized", [("WWW-Authenticate", 'Basic realm="site"')])

    def page_digest(self, connection, request):
        sent = dict(re.findall(r'(\w+)="?([^",]+)"?', request.fields.get("authorization", "")))

        def digest(*parts):
            return hashlib.md5(":".join(parts).encode()).hexdigest()

        if sent.get("nonce") == self.nonce:
            first = digest(USER, "site", PASSWORD)
            second = digest(request.method, sent["uri"])
            if sent["response"] == digest(first, self.nonce, sent["nc"], sent["cnonce"], "auth", second):
                self._html(connection, request, "<h1>Members</h1>")
                return
        challenge = f'Digest realm="site", qop="auth", nonce="{self.nonce}", algorithm=MD5'
        self._html(connection, request, "", "401 Unauthorized", [("WWW-Authenticate", challenge)])

    def page_ntlm(self, connection, request):
        self._connection_bound(connection, request, "NTLM")

    def page_negotiate(self, connection, request):
        self._connection_bound(connection, request, "Negotiate")

    def _connection_bound(self, connection, request, scheme):
        """NTLM as in RFC 4559 and before it: three messages on one connection, which then belongs
        to the user."""
        token = request.fields.get("authorization", "")
        if connection.ntlm == "in":
            self.connections_of_user.append(connection)
            self._html(connection, request, "<h1>Members</h1>")
        elif token.startswith(scheme + " "):
            message = base64.b64decode(token.split(" ", 1)[1])
            kind = message[8] if message.startswith(b"NTLMSSP\0") else 0
            if kind == 1:
                connection.ntlm = "challenged"
                challenge = scheme + " " + base64.b64encode(ntlm_challenge()).decode()
                self._html(connection, request, "", "401 Unauthorized", [("WWW-Authenticate", challenge)])
            elif kind == 3 and connection.ntlm == "challenged":
                connection.ntlm = "in"
                self._html(connection, request, "<h1>Members</h1>")
            else:
                self._html(connection, request, "<p>Out of order.</p>", "403 Forbidden")
        else:
            self._html(connection, request, "", "401 Unauthorized", [("WWW-Authenticate", scheme)])

    # Large content

    def _sized(self, connection, request, size):
        fields = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
        connection.send(fields)
        if request.method == "HEAD":
            return
        connection.sent = 0
        for piece in generated(size):
            connection.socket.sendall(piece)
            connection.sent += len(piece)

    def _upload(self, connection, request, path):
        """Counts content and keeps none of it."""
        if request.fields.get("expect", "").lower() == "100-continue":
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")
        kind, length = connection.reader.framing(request)
        self.uploaded[path] = 0
        if kind == "chunked":
            connection.reader.chunked(request)
            self.uploaded[path] = len(request.body)
        else:
            left = length or 0
            buffer = bytearray(1 << 20)
            early = connection.reader.exactly(min(left, len(connection.reader.buffer)))
            left -= len(early)
            self.uploaded[path] = len(early)
            while left:
                count = connection.socket.recv_into(buffer, min(left, len(buffer)))
                if not count:
                    raise Ended()
                left -= count
                self.uploaded[path] += count
        request.complete = True
        self.upload_complete.add(path)
        connection.respond(str(self.uploaded[path]).encode(), "201 Created")

    def _file(self, connection, request, name):
        path = (self.files_root / name).resolve()
        if not path.is_file() or self.files_root.resolve() not in path.parents:
            self._html(connection, request, "<p>No such file.</p>", "404 Not Found")
            return
        body = path.read_bytes()
        stamp = email.utils.formatdate(path.stat().st_mtime, usegmt=True)
        if request.fields.get("if-modified-since") == stamp:
            connection.send(f"HTTP/1.1 304 Not Modified\r\nLast-Modified: {stamp}\r\n\r\n")
            return
        fields = [("Content-Type", "application/octet-stream"), ("Last-Modified", stamp)]
        if request.method == "HEAD":
            connection.send(f"HTTP/1.1 200 OK\r\nLast-Modified: {stamp}\r\nContent-Length: {len(body)}\r\n\r\n")
        else:
            connection.respond(body, fields=fields)

    # git's own server program behind /git/ (RFC 3875)

    def _git(self, connection, request):
        url = urllib.parse.urlsplit(request.target)
        body = request.body
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.git_root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": request.method,
            "PATH_INFO": url.path[len("/git") :],
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": request.fields.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.fields.get("content-encoding", ""),
            "GIT_PROTOCOL": request.fields.get("git-protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=env, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
        status = dict(fields).get("Status", "200 OK")
        connection.respond(content, status, [field for field in fields if field[0] != "Status"])


def ntlm_challenge():
    """An NTLM type 2 message (MS-NLMP 2.2.1.2) with a target name and the flags that curl's answer needs."""
    target = "SITE".encode("utf-16-le")
    info = b""
    for kind, text in ((2, "SITE"), (1, "SERVER")):
        value = text.encode("utf-16-le")
        info += kind.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value
    info += b"\0\0\0\0"
    flags = 0x00028205 | 0x00800000  # Unicode, request target, NTLM, always sign, target type domain, target info
    at = 56
    return (
        b"NTLMSSP\0\x02\0\0\0"
        + len(target).to_bytes(2, "little") * 2
        + at.to_bytes(4, "little")
        + flags.to_bytes(4, "little")
        + os.urandom(8)
        + bytes(8)
        + len(info).to_bytes(2, "little") * 2
        + (at + len(target)).to_bytes(4, "little")
        + bytes(8)
        + target
        + info
    )


def ntlm_message(kind):
    """A minimal NTLM message of that type, for clients that only go through the steps."""
    return base64.b64encode(b"NTLMSSP\0" + bytes([kind, 0, 0, 0]) + bytes(24)).decode()
