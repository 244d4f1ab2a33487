"""The TLS that tests need: a client's first message, made by Python's own library, and a server's
certificate."""

import hashlib
import pathlib
import ssl
import subprocess


def client_hello(name=None, protocols=("h2", "http/1.1"), version=None):
    """The bytes that a TLS client sends first; with `name` as its SNI. `version`: the highest."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    if version:
        context.maximum_version = version
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


def key_hash(certificate):
    """The SHA-256 hash of the public key of a certificate in a file."""
    key = subprocess.run(["openssl", "x509", "-in", str(certificate), "-noout", "-pubkey"], check=True, capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.stdout, check=True, capture_output=True)
    return hashlib.sha256(der.stdout).hexdigest()


class Authority:
    """Issues certificates. `pem` is the path of its own, which is signed by itself or by `parent`. Dates as
    YYYYMMDDHHMMSSZ."""

    def __init__(self, directory, name="Test Root", parent=None, more=(), begin=None, end=None):
        self.directory = pathlib.Path(directory)
        self.name = name
        self.count = 0
        self.parent = parent
        extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", *more]
        self.pem, self.key = self._make(name, parent, *extensions, begin=begin, end=end)

    def key_hash(self):
        """The SHA-256 hash of its public key, as `[tls] distrusted` takes it."""
        return key_hash(self.pem)

    def der(self):
        """Its certificate in DER."""
        return ssl.PEM_cert_to_DER_cert(self.pem.read_text())

    def _path(self, kind):
        return self.directory / f"{self.name.replace(' ', '-').lower()}-{self.count}.{kind}"

    def _make(self, name, issuer, *extensions, begin=None, end=None):
        """The paths of a certificate and its key."""
        self.count += 1
        key, request, pem, config = (self._path(kind) for kind in ("key", "csr", "pem", "ext"))

        def openssl(*words):
            subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

        new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"]
        openssl(*new, "-keyout", key, "-out", request)
        config.write_text("\n".join(("[issued]", *extensions)) + "\n")
        signed = ["-in", request, "-out", pem, "-extfile", config, "-extensions", "issued"]
        if begin:  # `openssl x509` of OpenSSL 3.0 takes no dates; `openssl ca` does, and wants a database.
            signer = ["-cert", issuer.pem, "-keyfile", issuer.key] if issuer else ["-selfsign", "-keyfile", key]
            self._sign_with_dates(openssl, signer, request, pem, config, begin, end)
        elif issuer:
            openssl("x509", "-req", *signed, "-CA", issuer.pem, "-CAkey", issuer.key, "-CAcreateserial", "-days", 10)
        else:
            openssl("x509", "-req", *signed, "-signkey", key, "-days", 10)
        return pem, key

    def _sign_with_dates(self, openssl, signer, request, pem, extensions, begin, end):
        database, settings = self._path("index"), self._path("cnf")
        database.write_text("")
        settings.write_text(
            f"[ca]\ndefault_ca=me\n[me]\ndatabase={database}\nnew_certs_dir={self.directory}\nrand_serial=yes\n"
            "default_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n"
        )
        openssl(
            *["ca", "-batch", "-config", settings, "-in", request, "-out", pem, "-notext", "-extfile", extensions],
            *["-extensions", "issued", *signer, "-startdate", begin, "-enddate", end],
        )

    def issue(self, *names, **how):
        """A server's context with a certificate, as issue_files() makes it."""
        pem, key = self.issue_files(*names, **how)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        return context

    def issue_to_client(self, name):
        """The paths of a person's certificate and its key."""
        extensions = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=clientAuth"]
        return self._make(name, self, *extensions)

    def issue_files(self, *names, usage="serverAuth", begin=None, end=None, more=(), above=()):
        """The paths of a certificate for these names or addresses and its key. Dates as YYYYMMDDHHMMSSZ. `more`: further
        extensions; `above`: authorities whose certificates the server sends too."""
        kinds = [f"{'IP' if name[0].isdigit() else 'DNS'}:{name}" for name in names]
        alternatives = "subjectAltName=" + ",".join(kinds)
        extensions = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", f"extendedKeyUsage={usage}", alternatives]
        pem, key = self._make(names[0], self, *extensions, *more, begin=begin, end=end)
        if above:
            pem.write_text("".join(path.read_text() for path in (pem, *(each.pem for each in above))))
        return pem, key
