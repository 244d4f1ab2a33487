"""Requests as clients in use send them; the requests at the origin are compared."""

from ..behaviour import Step, Table

table = Table()


def add(name, why, *steps, **more):
    table.add(name, echo, why, *steps, requests=True, **more)


def echo(case):
    """Answers each request; sends 100 (Continue) to one with Expect."""
    if case.request.fields.get("expect", "").lower() == "100-continue":
        case.send("HTTP/1.1 100 Continue\r\n\r\n")
    body = case.body()
    return case.respond(b"" if case.request.method == "HEAD" else b"had %d" % len(body))


TEXT = (("Content-Type", "text/plain"),)
CURL = ("curl",)
NOT_BROWSERS = ("chromium",)

add("get", "9110 9.3.1", Step())
add("head_request", "9110 9.3.2", Step("HEAD"))
add(
    "fields_of_ones_own",
    "9110 5.1",
    Step(fields=(("X-A", "b c"), ("X-b", '"d"'), ("Accept", "a/b;q=0.5, */*"))),
)
add("eight_bits_in_a_field", "9110 5.5", Step(fields=(("X-A", "\u00fc"),)), clients=CURL)
add("query", "9110 4.2.1", Step(path="?a=b&c=%20d%2Fe;f"))
add(
    "raw_bytes_in_a_query",
    "browsers send them",
    Step(path="?a=b|c&d=[e]"),
    clients=("curl", "wget", "http.client", "node"),
)
add("fragment", "9110 4.2.4", Step(path="?a#part"))
add("fragment_behind_a_path", "9110 4.2.4", Step(path="#part"))
add(
    "name_and_password_in_the_url",
    "9110 4.2.4",
    Step(userinfo="ada:secret"),
    clients=("curl", "wget", "requests"),
)
add(
    "name_alone_in_the_url",
    "9110 4.2.4",
    Step(userinfo="ada"),
    clients=("curl", "wget", "requests"),
)
add(
    "encoded_password_in_the_url",
    "9110 4.2.4",
    Step(userinfo="ada:p%40s%3As"),
    clients=("curl", "wget", "requests"),
)
add("authorization", "7617", Step(fields=(("Authorization", "Bearer abc"),)))
add("cookie", "6265", Step(fields=(("Cookie", "a=1; b=2"),)), but_not=NOT_BROWSERS)
add("range_request", "9110 14.2", Step(fields=(("Range", "bytes=0-9"), ("If-Range", '"a"'))))
add("conditions", "9110 13", Step(fields=(("If-None-Match", 'W/"a", "b"'),)))
add(
    "te_trailers",
    "9110 10.1.4",
    Step(fields=(("TE", "trailers"), ("Connection", "TE"))),
    clients=("curl", "http.client", "node"),
)
add(
    "te_trailers_alone",
    "9110 10.1.4",
    Step(fields=(("TE", "trailers"),)),
    clients=("curl", "http.client", "node"),
)
add("http_1_0_request", "9112 2.5", Step(http_1_0=True), clients=CURL)

add("post", "9110 9.3.3", Step("POST", body=b"a=b&c=d", fields=TEXT))
add(
    "post_empty",
    "9110 8.6",
    Step("POST", fields=TEXT),
    clients=("urllib", "http.client", "requests", "undici", "chromium"),
)
add("put", "9110 9.3.4", Step("PUT", body=b"p" * 200_000, fields=TEXT))
add("patch", "5789", Step("PATCH", body=b"{}", fields=TEXT))
add("delete", "9110 9.3.5", Step("DELETE"), but_not=("wget",))
add("delete_with_content", "9110 9.3.5", Step("DELETE", body=b"all", fields=TEXT))
add(
    "get_with_content",
    "9110 9.3.1",
    Step("GET", body=b"{}", fields=TEXT),
    clients=("urllib", "http.client", "requests", "node"),
)
add("options", "9110 9.3.7", Step("OPTIONS"), but_not=("wget",))
add(
    "trace",
    "9110 9.3.8",
    Step("TRACE"),
    clients=("curl", "urllib", "http.client", "requests", "node"),
)
add(
    "propfind",
    "4918",
    Step("PROPFIND", fields=(("Depth", "1"),)),
    clients=("curl", "urllib", "http.client", "requests", "node"),
)
add(
    "unknown_method",
    "9110 9.1",
    Step("BREW", body=b"tea", fields=TEXT),
    clients=("curl", "urllib", "http.client", "requests"),
)

CHUNKS = Step("POST", body=b"c" * 100_000, fields=TEXT, chunked=True)
add("upload_chunked", "9112 7.1", CHUNKS, but_not=("wget", "chromium"))
ASKS = (*TEXT, ("Expect", "100-continue"))
add(
    "expect_continue",
    "9110 10.1.1",
    Step("PUT", body=b"hello", fields=ASKS),
    clients=("curl", "requests"),
)
add(
    "expect_continue_chunked",
    "9110 10.1.1",
    Step("POST", body=b"hello", fields=ASKS, chunked=True),
    clients=CURL,
)
add(
    "expect_without_content",
    "9110 10.1.1",
    Step("GET", fields=(("Expect", "100-continue"),)),
    clients=CURL,
)
add(
    "several",
    "9112 9.3",
    Step(),
    Step("POST", body=b"a", fields=TEXT),
    Step("HEAD"),
    Step(),
    one_connection=True,
)

RAW = ("raw",)
PIECE = Step("POST", body=b"a=b", fields=TEXT)
add("pipelined", "9112 9.3.2", Step(), Step(), Step("HEAD"), Step(), clients=RAW)
add(
    "pipelined_with_content",
    "9112 9.3.2",
    Step(),
    PIECE,
    Step(),
    PIECE,
    Step("DELETE"),
    clients=RAW,
)
SUMMED = Step(
    "POST",
    body=b"hello",
    fields=(*TEXT, ("Trailer", "X-Sum")),
    chunked=True,
    trailers=(("X-Sum", "1"),),
)
add("upload_with_trailers", "9110 6.5", SUMMED, clients=RAW)
KEPT = Step(http_1_0=True, fields=(("Connection", "keep-alive"),))
add("http_1_0_kept", "9112 C.2.2", KEPT, KEPT, clients=RAW)
add("http_1_0_post", "9112 2.5", Step("POST", body=b"a=b", http_1_0=True, fields=TEXT), clients=RAW)
