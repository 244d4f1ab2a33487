"""A TLS client that breaks RFC 8446, 4.1.4: asked for another ClientHello, it sends one with another server
name. OpenSSL's library does it, called by ctypes, since no program would."""

import ctypes

_SET_NAME, _SET_GROUPS = 55, 92  # SSL_ctrl's commands, in openssl/tls1.h and ssl.h
_HANDSHAKE, _SERVER_HELLO = 22, 2
_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p
)


def _library():
    ssl = ctypes.CDLL("libssl.so.3")
    pointers = ("TLS_client_method", "SSL_CTX_new", "SSL_new", "BIO_new", "BIO_s_mem")
    for name in pointers:
        getattr(ssl, name).restype = ctypes.c_void_p
    ssl.SSL_ctrl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_char_p]
    return ssl


class HelloAgain:
    """Over a connected socket. `first` and `second` are the names; both are sent, the second one only if the
    server asks again, for which the client begins with a group that few servers take first."""

    def __init__(self, connection, first, second):
        self.socket, self.second, self.asked_again = connection, second.encode(), False
        self.ssl = ssl = _library()
        self.context = ctypes.c_void_p(ssl.SSL_CTX_new(ctypes.c_void_p(ssl.TLS_client_method())))
        self.session = ctypes.c_void_p(ssl.SSL_new(self.context))
        method = ctypes.c_void_p(ssl.BIO_s_mem())
        self.incoming, self.outgoing = ctypes.c_void_p(ssl.BIO_new(method)), ctypes.c_void_p(ssl.BIO_new(method))
        ssl.SSL_set_bio(self.session, self.incoming, self.outgoing)
        ssl.SSL_set_connect_state(self.session)
        assert ssl.SSL_ctrl(self.session, _SET_GROUPS, 0, b"X448:P-256") == 1
        assert ssl.SSL_ctrl(self.session, _SET_NAME, 0, first.encode()) == 1
        self.callback = _CALLBACK(self._message)
        ssl.SSL_set_msg_callback(self.session, self.callback)

    def _message(self, sending, _version, kind, data, length, _ssl, _argument):
        """The request for another ClientHello looks like a ServerHello; that comes after it."""
        if not sending and kind == _HANDSHAKE and length and not self.asked_again:
            if ctypes.string_at(data, 1)[0] == _SERVER_HELLO:
                self.asked_again = True
                self.ssl.SSL_ctrl(self.session, _SET_NAME, 0, self.second)

    def _flush(self):
        buffer = ctypes.create_string_buffer(65536)
        while (count := self.ssl.BIO_read(self.outgoing, buffer, len(buffer))) > 0:
            self.socket.sendall(buffer.raw[:count])

    def handshake(self):
        """True if the handshake is complete on this side."""
        while True:
            result = self.ssl.SSL_do_handshake(self.session)
            self._flush()
            if result == 1:
                return True
            data = self.socket.recv(65536)
            if not data:
                return False
            self.ssl.BIO_write(self.incoming, data, len(data))

    def _received(self):
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""

    def ask(self, data):
        """Sends content and returns what comes until the connection ends."""
        self.ssl.SSL_write(self.session, data, len(data))
        self._flush()
        answer, buffer = b"", ctypes.create_string_buffer(65536)
        while data := self._received():
            self.ssl.BIO_write(self.incoming, data, len(data))
            while (count := self.ssl.SSL_read(self.session, buffer, len(buffer))) > 0:
                answer += buffer.raw[:count]
        return answer

    def close(self):
        self.ssl.SSL_free(self.session)
        self.ssl.SSL_CTX_free(self.context)
