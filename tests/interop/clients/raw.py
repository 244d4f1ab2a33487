"""A client that sends raw bytes, for things that no library here does: pipelining, trailers after
an upload, persistent HTTP/1.0 connections."""

from urllib.parse import urlsplit

from support.client import Client
from support.message import Ended

from ..outcome import End
from .run import SECONDS, Run


class Raw(Run):
    def play(self, row):
        """Sends all steps before it reads the first answer."""
        with Client(self.proxy or self.server.port, wait=SECONDS) as client:
            if self.form == "connect":
                authority = f"127.0.0.1:{self.server.port}"
                client.send(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")
                client.response("CONNECT")
            for at, step in enumerate(row.steps):
                client.send(self.request(step, self.url(row, at)))
            return [self.end(client, step) for step in row.steps]

    def request(self, step, url):
        parts = urlsplit(url)
        target = url if self.form == "absolute" else parts.path
        minor = 0 if step.http_1_0 else 1
        lines = [f"{step.method} {target} HTTP/1.{minor}", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in step.fields]
        body = step.body
        if step.chunked:
            lines.append("Transfer-Encoding: chunked")
            trailers = "".join(f"{name}: {value}\r\n" for name, value in step.trailers)
            body = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, trailers.encode())
        elif body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    @staticmethod
    def end(client, step):
        try:
            response = client.response(step.method)
        except (Ended, OSError) as error:
            return End(error=type(error).__name__, hung=isinstance(error, TimeoutError))
        fields, trailers = (
            tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in each.lines)
            for each in (response.fields, response.trailers)
        )
        interim = tuple(each.status for each in response.interim)
        error = None if response.complete else "ended early"
        return End(response.status, fields, response.body, trailers, error, False, interim)
