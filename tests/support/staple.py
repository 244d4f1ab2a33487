"""An origin that shows an OCSP response with its certificate, which Python's own TLS can't: `openssl
s_server`."""

import pathlib
import re
import subprocess

from .client import WAIT

MUST_STAPLE = ["tlsfeature=status_request"]


def ocsp_response(authority, certificate, revoked=False, signer=None):
    """The path of `authority`'s response about `certificate`, of now and for a day. `signer`: (certificate, key)."""
    serial = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-serial"], check=True, capture_output=True, text=True)
    number = serial.stdout.strip().partition("=")[2]
    index, response = pathlib.Path(f"{certificate}.index"), pathlib.Path(f"{certificate}.ocsp")
    when = "200102000000Z" if revoked else ""
    index.write_text(f"{'R' if revoked else 'V'}\t350101000000Z\t{when}\t{number}\tunknown\t/CN=any\n")
    pem, key = signer or (authority.pem, authority.key)
    words = ["openssl", "ocsp", "-index", index, "-CA", authority.pem, "-rsigner", pem, "-rkey", key]
    words += ["-issuer", authority.pem, "-cert", certificate, "-respout", response, "-ndays", "1", "-noverify"]
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
    return response


class StaplingServer:
    """Answers each request with a page. `staple`: a path, or None."""

    def __init__(self, certificate, key, staple, *words):
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", str(certificate), "-key", str(key), *words]
        if staple:
            command += ["-status_file", str(staple)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if match := re.match(r"ACCEPT 127\.0\.0\.1:(\d+)", line):
                self.url = f"https://127.0.0.1:{match[1]}"
                return
        raise AssertionError("openssl s_server did not begin to listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(WAIT)
        self.process.stdin.close()
        self.process.stdout.close()
