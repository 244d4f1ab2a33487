"""Sessions of several exchanges: logins, cookies, redirects, ranges, refused uploads."""

import base64

from ..behaviour import Step, Table

table = Table()
add = table.add

GOOD = "Basic " + base64.b64encode(b"ada:secret").decode()


def basic(case):
    case.body()
    if case.request.fields.get("authorization") == GOOD:
        return case.respond(b"welcome")
    return case.respond(
        b"who?", "401 Unauthorized", [("WWW-Authenticate", 'Basic realm="members"')]
    )


add(
    "basic",
    basic,
    "7617",
    Step(login=("basic", "ada", "secret")),
    but_not=("http.client", "undici", "chromium"),
)
add("basic_without_login", basic, "7617", Step(anonymous=True))
add("basic_in_the_head", basic, "7617", Step(fields=(("Authorization", GOOD),)))
add(
    "basic_by_the_url",
    basic,
    "7617",
    Step(userinfo="ada:secret"),
    clients=("curl", "wget", "requests"),
)


def digest(case):
    """Checks only the user's name, not whether the client's digest is right."""
    case.body()
    if 'username="ada"' in case.request.fields.get("authorization", ""):
        return case.respond(b"welcome")
    challenge = 'Digest realm="members", qop="auth", nonce="abc", algorithm=MD5'
    return case.respond(b"who?", "401 Unauthorized", [("WWW-Authenticate", challenge)])


LOGS_IN = ("curl", "wget", "urllib", "requests")
add("digest", digest, "7616", Step(login=("digest", "ada", "secret")), clients=LOGS_IN)


def cookies(case):
    if case.step == 0:
        return case.respond(
            b"take", fields=[("Set-Cookie", "a=1; HttpOnly"), ("Set-Cookie", "b=2, 3")]
        )
    got = case.request.fields.get("cookie", "")
    return case.respond(",".join(sorted(each.strip() for each in got.split(";"))).encode())


add("cookies", cookies, "6265", Step(), Step(), alone=True)
add(
    "origin_says_407",
    lambda case: case.respond(
        b"who?", "407 Proxy Authentication Required", [("Proxy-Authenticate", 'Basic realm="x"')]
    ),
    "9110 15.5.8",
)


def redirects(status, absolute=False):
    def play(case):
        case.body()
        if case.step == 1:
            return case.respond(case.request.method.encode())
        to = case.request.target.rsplit("/", 1)[0] + "/1"
        if absolute:
            to = f"http://{case.request.fields.get('host')}{to}"
        return case.respond(b"moved", status, [("Location", to)])

    return play


add("moved", redirects("301 Moved Permanently"), "9110 15.4.2")
add("found_elsewhere", redirects("302 Found", absolute=True), "9110 15.4.3")
add("see_other", redirects("303 See Other"), "9110 15.4.4")
add("temporarily_elsewhere", redirects("307 Temporary Redirect"), "9110 15.4.8")
add("not_followed", lambda case: case.respond(b"choose", "300 Multiple Choices"), "9110 15.4.1")

CONTENT = b"0123456789"


def ranges(case):
    asked = case.request.fields.get("range")
    if asked == "bytes=2-4":
        return case.respond(
            CONTENT[2:5],
            "206 Partial Content",
            [("Content-Range", "bytes 2-4/10"), ("ETag", '"a"')],
        )
    if asked == "bytes=2-3,5-6":
        parts = b"--p\r\nContent-Range: bytes 2-3/10\r\n\r\n23\r\n"
        parts += b"--p\r\nContent-Range: bytes 5-6/10\r\n\r\n56\r\n--p--\r\n"
        return case.respond(
            parts, "206 Partial Content", [("Content-Type", "multipart/byteranges; boundary=p")]
        )
    if asked == "bytes=50-":
        return case.respond(b"", "416 Range Not Satisfiable", [("Content-Range", "bytes */10")])
    return case.respond(CONTENT, fields=[("Accept-Ranges", "bytes")])


def part(which):
    return Step(fields=(("Range", which),))


add("range", ranges, "9110 14", part("bytes=2-4"))
add("ranges", ranges, "9110 14.6", part("bytes=2-3,5-6"))
add("range_out_of_reach", ranges, "9110 15.5.17", part("bytes=50-"))
add("no_range", ranges, "9110 14", Step())

LARGE = b"u" * 300_000


def refused(status, *fields):
    """Answers before the upload has ended, with Connection: close. Reads the rest of the upload, so
    that the client sees the answer (9112, 9.6)."""

    def play(case):
        case.connection.reader.exactly(1000)
        case.respond(b"no", status, fields, close=True)
        case.connection.half_close()
        case.connection.wait_for_end()
        return False

    return play


BINARY = (("Content-Type", "application/octet-stream"),)
UPLOAD = Step("PUT", body=LARGE, fields=BINARY)
ANONYMOUS = Step("PUT", body=LARGE, fields=BINARY, anonymous=True)
add("upload_refused_413", refused("413 Content Too Large"), "9112 9.6", UPLOAD)
add(
    "upload_refused_401",
    refused("401 Unauthorized", ("WWW-Authenticate", "Basic realm=x")),
    "9112 9.6",
    ANONYMOUS,
)
add(
    "upload_refused_403_chunked",
    refused("403 Forbidden"),
    "9112 9.6",
    Step("POST", body=LARGE, fields=BINARY, chunked=True),
    but_not=("wget", "chromium"),
)


def expects(case):
    """Refuses after the head alone."""
    if case.request.fields.get("expect"):
        return case.respond(b"no", "417 Expectation Failed", close=True) and False
    return case.respond(case.body()[:5])


EXPECT = (*BINARY, ("Expect", "100-continue"))
add(
    "expectation_failed",
    expects,
    "9110 10.1.1",
    Step("PUT", body=b"hello", fields=EXPECT),
    clients=("curl", "node"),
)


def continues(case):
    case.send("HTTP/1.1 100 Continue\r\n\r\n")
    return case.respond(case.body())


add(
    "continued",
    continues,
    "9110 10.1.1",
    Step("PUT", body=b"hello", fields=EXPECT),
    clients=("curl", "requests"),
)
