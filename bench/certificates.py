"""Certificates of the benchmark, made by openssl for each run: an authority, what it has signed for the origin and for
the reverse proxies, and an authority that a forward proxy may sign with."""

import subprocess

import processes

HOST = "www.opened.localhost"  # Its connections go to loopback in Weir by RFC 6761, in Squid by a file of hosts.
BELOW = "opened.localhost"  # Further hosts, which the certificate is for as well.
P256 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "30")


class Certificates:
    """All are files in PEM, in one folder. An identity has certificate and key."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.authority = folder / "authority.pem"
        self.identity = folder / "origin.pem"
        self.signing = folder / "signing.pem"
        self.make_authority("bench authority", self.authority, folder / "authority.key")
        self.make_authority("bench signing", self.signing, folder / "signing.key")
        # Squid takes an authority's key from the same file.
        self.signing_identity = self.join("signing-identity.pem", self.signing, folder / "signing.key")
        self.sign()

    def make_authority(self, name, certificate, key):
        self.openssl("req", "-x509", *P256, "-subj", f"/CN={name}", "-keyout", key, "-out", certificate)

    def sign(self):
        certificate, key = self.folder / "origin.crt", self.folder / "origin.key"
        self.openssl(
            "req", "-x509", *P256, "-CA", self.authority, "-CAkey", self.folder / "authority.key", "-subj", f"/CN={BELOW}",
            "-addext", "basicConstraints=critical,CA:FALSE", "-addext", f"subjectAltName=DNS:{BELOW},DNS:*.{BELOW}",
            "-addext", "extendedKeyUsage=serverAuth", "-keyout", key, "-out", certificate,
        )
        self.join(self.identity.name, certificate, key)

    def join(self, name, *parts):
        path = self.folder / name
        path.write_text("".join(part.read_text() for part in parts))
        return path

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60, env=processes.environment())
        if done.returncode:
            raise processes.Failure(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
