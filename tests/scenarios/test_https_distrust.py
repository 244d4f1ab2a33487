"""Certificates that are refused although a trusted authority vouches for them: by the owner's list of
keys, and by the issuer's own word (OCSP)."""

import ssl
import subprocess

import pytest
from support.reloading import Reloading
from support.staple import MUST_STAPLE, StaplingServer, ocsp_response
from support.tls import Authority, key_hash
from support.weir import binary, environment


def kept(connection):
    while connection.more():
        connection.request()
        connection.respond(b"ok")


def config(authority, *hashes):
    return f'workers = 1\n[tls]\nroots = ["{authority.pem}"]\ndistrusted = {list(hashes)}\n'


class TestDistrusted:
    def test_each_part_of_a_chain(self, start, play, authority, tmp_path):
        between = Authority(tmp_path, "Between", parent=authority)
        pem, key = between.issue_files("127.0.0.1", above=[between])
        origin = play(kept, tls=context_of(pem, key))
        colons = ":".join(key_hash(pem)[at : at + 2] for at in range(0, 64, 2)).upper()
        for hashes in ([key_hash(pem)], [colons], [between.key_hash()], ["00" * 32, authority.key_hash()]):
            response = start(config(authority, *hashes)).get(origin.url + "/")
            assert response.status == 502 and "error=tls_certificate_error" in response.fields.get("proxy-status")
            assert "owner distrusts" in response.text
        assert not origin.requests
        assert start(config(authority, "00" * 32)).get(origin.url + "/").status == 200

    def test_what_is_not_part_of_the_chain_does_not_count(self, start, play, authority, tmp_path):
        other = Authority(tmp_path, "Other", parent=authority)
        origin = play(kept, tls=authority.issue("127.0.0.1", above=[other]))
        assert start(config(authority, other.key_hash())).get(origin.url + "/").status == 200

    def test_a_reload_ends_pooled_connections_and_sessions(self, tmp_path, play, authority):
        origin = play(kept, tls=authority.issue("127.0.0.1"))
        with Reloading(tmp_path, config(authority)) as weir:
            assert weir.get(origin.url + "/").status == 200
            weir.reload(config(authority, authority.key_hash()))
            assert weir.get(origin.url + "/").status == 502
            weir.reload(config(authority))
            assert weir.get(origin.url + "/").status == 200

    def test_a_mistake_has_its_place(self, tmp_path):
        path = tmp_path / "weir.toml"
        path.write_text('[tls]\ndistrusted = [\n  "00ff",\n]\n')
        told = subprocess.run([binary(), "check", str(path)], capture_output=True, text=True, env=environment(), check=False)
        assert told.returncode == 1 and f"{path}:3" in told.stderr and "64 hexadecimal digits" in told.stderr


def context_of(pem, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
class TestStaple:
    def fetch(self, start, authority, files, staple, version):
        with StaplingServer(*files, staple, version) as server:
            weir = start(config(authority))
            response = weir.get(server.url + "/")
            again = weir.get(server.url + "/")  # Resumed, where the first was good.
            assert response.status == again.status
            return response

    def test_a_good_one(self, start, authority, version):
        files = authority.issue_files("127.0.0.1", more=MUST_STAPLE)
        assert self.fetch(start, authority, files, ocsp_response(authority, files[0]), version).status == 200

    def test_none_where_one_is_needed(self, start, authority, version):
        files = authority.issue_files("127.0.0.1", more=MUST_STAPLE)
        response = self.fetch(start, authority, files, None, version)
        assert response.status == 502 and "and comes without" in response.text
        assert "error=tls_certificate_error" in response.fields.get("proxy-status")

    def test_none_where_none_is_needed(self, start, authority, version):
        assert self.fetch(start, authority, authority.issue_files("127.0.0.1"), None, version).status == 200

    def test_one_that_says_revoked(self, start, authority, version):
        files = authority.issue_files("127.0.0.1")
        response = self.fetch(start, authority, files, ocsp_response(authority, files[0], revoked=True), version)
        assert response.status == 502 and "was revoked by its issuer (on 2020-01-02)" in response.text

    def test_one_that_somebody_else_has_signed(self, start, authority, tmp_path, version):
        files = authority.issue_files("127.0.0.1", more=MUST_STAPLE)
        other = Authority(tmp_path, "Other")
        staple = ocsp_response(authority, files[0], signer=(other.pem, other.key))
        response = self.fetch(start, authority, files, staple, version)
        assert response.status == 502 and "which its issuer has not signed" in response.text

    def test_what_somebody_else_says_of_revocation_does_not_count(self, start, authority, tmp_path, version):
        files = authority.issue_files("127.0.0.1")
        other = Authority(tmp_path, "Other")
        staple = ocsp_response(authority, files[0], revoked=True, signer=(other.pem, other.key))
        assert self.fetch(start, authority, files, staple, version).status == 200

    def test_one_whom_the_issuer_lets_sign(self, start, authority, version):
        files = authority.issue_files("127.0.0.1", more=MUST_STAPLE)
        signer = authority.issue_files("responder.test", usage="OCSPSigning")
        assert self.fetch(start, authority, files, ocsp_response(authority, files[0], signer=signer), version).status == 200

    def test_one_for_another_certificate(self, start, authority, version):
        files = authority.issue_files("127.0.0.1", more=MUST_STAPLE)
        other = authority.issue_files("127.0.0.1")
        response = self.fetch(start, authority, files, ocsp_response(authority, other[0]), version)
        assert response.status == 502 and "which is about another certificate" in response.text

    def test_the_issuers_other_certificates_may_not_sign(self, start, authority, version):
        files = authority.issue_files("127.0.0.1", more=MUST_STAPLE)
        response = self.fetch(start, authority, files, ocsp_response(authority, files[0], signer=authority.issue_files("x.test")), version)
        assert response.status == 502 and "which its issuer has not signed" in response.text
