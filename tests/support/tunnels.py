"""Functions that scenarios of tunnels share."""


def connect(client, authority, status=200, fields=None):
    client.send_request("CONNECT", authority, fields or [("Host", authority)])
    response = client.response("CONNECT")
    assert response.status == status, response
    return response


def echo(connection):
    """Sends all bytes back in capitals, and ends when the client does."""
    while True:
        data = connection.socket.recv(65536)
        connection.received += data
        if not data:
            connection.ended = "eof"
            connection.send(b" the end")
            return
        connection.send(data.upper())


def greeting(connection):
    """A server that speaks first, as mail servers do."""
    connection.send("220 ready\r\n")
    while True:
        line = connection.reader.line()
        connection.send(b"250 " + line + b"\r\n")
        if line == b"QUIT":
            return
