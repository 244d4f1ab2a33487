"""What scenarios of opened tunnels share: a Weir that opens TLS, and clients that speak TLS in a
CONNECT."""

import contextlib
import json
import pathlib
import re
import socket
import ssl
import struct

from .client import WAIT, Client
from .tunnels import connect
from .weir import run


class Opening:
    """The settings of a Weir that opens everything, and its authority. `authority` vouches for the
    origins."""

    def __init__(self, directory, authority):
        self.directory = pathlib.Path(directory)
        self.state = self.directory / "state"
        self.authority = authority
        self.pem = self.directory / "weir-ca.pem"

    def config(self, intercept="", more="", mode="only", hosts=("*",)):
        return (
            f'workers = 1\nstate_dir = "{self.state}"\n[tls]\nroots = ["{self.authority.pem}"]\n'
            f'[intercept]\nmode = "{mode}"\nhosts = {json.dumps(hosts)}\n{intercept}\n{more}'
        )

    def export(self, weir):
        """Writes the authority's certificates to `pem`."""
        config = pathlib.Path(weir.directory.name) / "weir.toml"
        status, _, stderr = run("ca", "export", "--pem", "--config", str(config), str(self.pem))
        assert status == 0, stderr
        return self.pem


def trust(pem, protocols=("http/1.1",), version=None):
    """A client's context that trusts that file; None: one that checks nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if pem is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(pem)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if version:
        context.minimum_version = context.maximum_version = version
    return context


@contextlib.contextmanager
def inside(weir, authority, context, name=None, session=None):
    """A client within TLS in a CONNECT to `authority`; `name` is the SNI, by default the host."""
    host = authority.rpartition(":")[0].strip("[]")
    with Client(weir.port) as client:
        connect(client, authority)
        client.socket = context.wrap_socket(client.socket, server_hostname=name or host, session=session)
        client.socket.settimeout(WAIT)
        yield client


def get(weir, url, context, **more):
    """One request in a tunnel of its own."""
    match = re.fullmatch(r"https://([^/]+)(/.*)", url)
    authority = match[1] if re.search(r":\d+$", match[1]) else match[1] + ":443"
    with inside(weir, authority, context, **more) as client:
        client.send_request("GET", match[2], [("Host", match[1]), ("Connection", "close")])
        return client.response()


def issuer_of(client):
    """The common name of whoever signed what the client was shown."""
    subject = dict(part[0] for part in client.socket.getpeercert()["issuer"])
    return subject["commonName"]


def alert_in(data):
    """The number of the alert that these bytes of a server begin with; None: it is none."""
    if len(data) < 7 or data[0] != 21:
        return None
    _, _, length, _, number = struct.unpack("!BHHBB", data[:7])
    return number if length == 2 else None


def first_answer(weir, authority, hello):
    """What a tunnel's other side says to these first bytes, until it ends."""
    with Client(weir.port) as client:
        connect(client, authority)
        client.send(hello)
        try:
            client.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return client.rest()


def lines_of(weir, *methods):
    """The log's lines of requests with these methods."""
    return [line for line in weir.log if line.request.split(" ")[0] in methods]


def after_reloads(browser, url):
    """The page's text. A browser without the authority shows an error the first time; a person reloads."""
    for _ in range(4):
        try:
            browser.open(url)
            break
        except AssertionError:
            continue
    return browser.text()
