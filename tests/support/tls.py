"""The TLS that tests need: a client's first message, made by Python's own library, and a server's
certificate."""

import pathlib
import ssl
import subprocess


def client_hello(name=None, protocols=("h2", "http/1.1")):
    """The bytes that a TLS client sends first; with `name` as its SNI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def server_context(directory, name="site.test"):
    """A server's context with a new self-signed certificate, which is stored in `directory` as
    cert.pem."""
    key, certificate = pathlib.Path(directory) / "key.pem", pathlib.Path(directory) / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command + ["-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
