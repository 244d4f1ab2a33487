"""Just enough TLS: a client's first message, made by Python's own library, and a certificate-less look at it."""

import ssl


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
