"""Heads that old, small and careless servers send: names, line ends, status lines."""

from ..behaviour import Step, Table

H = b"HTTP/1.1 200 OK\r\n"
L = b"Content-Length: 2\r\n"
E = b"\r\nok"

table = Table()
add = table.add

add("plain", H + L + E, "9112 6.2")

# Lines that are not fields.
add("no_colon", H + b"digest in image\r\n" + L + E, "9112 5")
add("empty_name", H + b": no-cache\r\n" + L + E, "9112 5")
add("blanks_in_name", H + b"Served by a good host: x\r\n" + L + E, "9112 5")
add("blanks_in_name_and_before_the_colon", H + b"Served by a good host :\r\n" + L + E, "9112 5")
add("eight_bits_in_name", H + b"X-\xc3\xbc: x\r\n" + L + E, "9110 5.1")
add("slash_in_name", H + b"X-Powered/By: x\r\n" + L + E, "9110 5.1")
add("status_as_name", H + b"STATUS 1/1 200:\r\n" + L + E, "9110 5.1")
add("control_in_name", H + b"X-\x01A: x\r\n" + L + E, "9110 5.1")
add(
    "junk_with_folds",
    H + b"digest in image\r\n one: 1\r\n\ttwo\r\n" + L + b"X-After: 1\r\n" + E,
    "9112 5.2",
)
add("blanks_before_the_colon", H + b"X-A : b\r\n" + L + E, "9112 5.1")
add("length_with_blanks_before_the_colon", H + b"Content-Length  : 2\r\n" + E, "9112 5.1")
add("length_with_bad_bytes_in_name", H + b"Content-\x01Length: 9\r\n" + L + E, "strictness.md: 502")
add(
    "connection_with_bad_bytes_in_name",
    H + b"Connec\xfftion: close\r\n" + L + E,
    "strictness.md: 502",
)
add("length_with_a_blank_in_name", H + b"Content Length: 9\r\n" + L + E, "9112 5")

# Folds.
add("fold", H + b"X-A: multipart/related;\r\n boundary=x\r\n" + L + E, "9112 5.2")
add("fold_with_a_tab", H + b"X-A: one\r\n\t\ttwo\r\n three\r\n" + L + E, "9112 5.2")
add("fold_that_is_empty", H + b"X-A: one\r\n \r\nX-B: 1\r\n" + L + E, "9112 5.2")
add("fold_of_a_length", H + b"Content-Length:\r\n 2\r\n" + E, "9112 5.2")
add("fold_before_the_first_field", H + b" X-A: b\r\n" + L + E, "9112 2.2: 502")

# Values.
add("eight_bits_in_value", H + b"X-A: \xfc\xc3\xbc\r\n" + L + E, "9110 5.5")
add("control_in_value", H + b"X-A: a\x01b\r\n" + L + E, "9110 5.5")
add("delete_in_value", H + b"X-A: a\x7fb\r\n" + L + E, "9110 5.5")
add("nul_in_value", H + b"X-A: a\0b\r\n" + L + E, "9110 5.5")
add("bare_cr_in_value", H + b"X-A: a\rb\r\n" + L + E, "9112 2.2")
add("control_in_a_length", H + b"Content-Length: 2\x01\r\n" + E, "9112 6.3")
add("empty_value", H + b"X-A:\r\nX-B: \r\n" + L + E, "9110 5.5")
add("no_blank_after_the_colon", H + b"X-A:b\r\n" + L + E, "9112 5")
add("the_same_field_twice", H + b"X-A: 1\r\nX-B: 2\r\nX-A: 3\r\n" + L + E, "9110 5.2")
add("large_head", H + b"X-A: " + b"a" * 16000 + b"\r\n" + L + E, "browsers take 256 KiB")
add("many_fields", H + b"".join(b"X-%d: 1\r\n" % at for at in range(80)) + L + E, "sites have 80")
add(
    "endless_head",
    H + b"X-A: " + b"a" * 600_000 + b"\r\n" + L + E,
    "a limit: 502",
    but_not=("http.client", "urllib"),
)

# Line ends.
add("lf_only", b"HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\n\nok", "9112 2.2")
add("lf_only_with_a_fold", b"HTTP/1.1 200 OK\nX-A: b\n c\nContent-Length: 2\n\nok", "9112 2.2")
add("lf_in_a_crlf_head", H + b"X-A: b\nX-B: c\r\n" + L + E, "mixed: 502")
add("crlf_in_an_lf_head", b"HTTP/1.1 200 OK\nX-A: b\r\nContent-Length: 2\n\nok", "mixed: 502")

# Status lines.
add("crlf_before_the_status_line", b"\r\n" + H + L + E, "strictness.md")
add("lf_before_the_status_line", b"\n" + H + L + E, "strictness.md")
add("blanks_before_the_status_line", b"  " + H + L + E, "strictness.md")
add("two_blanks_in_the_status_line", b"HTTP/1.1  200 OK\r\n" + L + E, "strictness.md")
add("lower_case_version", b"http/1.1 200 OK\r\n" + L + E, "9112 2.3")
add("http_2_0", b"HTTP/2.0 200 OK\r\n" + L + E, "strictness.md")
add("http_1_0", b"HTTP/1.0 200 OK\r\n" + L + E, "9112 9.3")
add("http_1_0_by_the_end", b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n" + E, "9112 6.3")
add("no_reason", b"HTTP/1.1 200\r\n" + L + E, "9112 4")
add("blank_for_a_reason", b"HTTP/1.1 200 \r\n" + L + E, "9112 4")
add("eight_bits_in_the_reason", b"HTTP/1.1 404 Nicht gef\xfcnden\r\n" + L + E, "9112 4")
add("icy", b"ICY 200 OK\r\nicy-name: radio\r\nContent-Type: audio/mpeg\r\n\r\nok", "Shoutcast")
add("status_999", b"HTTP/1.1 999 Request denied\r\n" + L + E, "9110 15")
add("status_600", b"HTTP/1.1 600 Odd\r\n" + L + E, "9110 15")
for status in (299, 402, 418, 451, 500, 502, 503, 504, 599):
    add(f"status_{status}", b"HTTP/1.1 %d Such\r\nX-A: b\r\n" % status + L + E, "9110 15")
add("no_status_line", b"<html>hello</html>\n", "strictness.md: 502")
add("four_digits_of_status", b"HTTP/1.1 2000 OK\r\n" + L + E, "9112 4: 502")
add("head_cut", H + b"Content-Type: text/plain\r\n", "9112 8: 502")
add("head_cut_in_a_name", H + L + b"Content-Ty", "9112 8: 502")
add("nothing_at_all", b"", "9112 8: 502")

# Interim responses.
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
add("early_hints", HINTS + H + L + E, "8297")
add("early_hints_twice", HINTS + HINTS + H + L + E, "9110 15.2")
add("early_hints_with_framing", HINTS[:-2] + b"Content-Length: 7\r\n\r\n" + H + L + E, "9112 6.3")
add("continue_that_nobody_asked_for", b"HTTP/1.1 100 Continue\r\n\r\n" + H + L + E, "9110 15.2")
add("processing", b"HTTP/1.1 102 Processing\r\n\r\n" + H + L + E, "9110 15.2")
add("interim_and_the_end", HINTS, "9112 8: 502")

# Responses without content.
BOTH = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"
HEAD = Step("HEAD")
OLD = Step(fields=(("If-None-Match", '"a"'),))


def held(data):
    """The origin keeps its connection open, so a client that waits for content waits long."""

    def play(case):
        case.body()
        case.send(data)
        return True

    return play


# These read chunks after a 204 and a 304, and wait for bytes that can't come.
PYTHON = ("urllib", "http.client", "requests")
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n"
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n'
add("head", held(H + b"Content-Length: 5\r\n\r\n"), "9112 6.3, rule 1", HEAD)
add("head_both_framings", held(H + BOTH + b"\r\n"), "9112 6.3, rule 1", HEAD)
add("head_chunked", held(H + b"Transfer-Encoding: chunked\r\n\r\n"), "9112 6.3, rule 1", HEAD)
add("head_two_lengths", held(H + L + L + b"\r\n"), "9112 6.3, rule 1", HEAD)
add("head_differing_lengths", held(H + L + b"Content-Length: 3\r\n\r\n"), "9112 6.3, rule 1", HEAD)
add("head_without_framing", held(H + b"X-A: b\r\n\r\n"), "9112 6.3, rule 1", HEAD)
add("head_with_content", H + L + E, "9112 6.3, rule 1", HEAD, leftovers=True)
add("no_content", held(NO_CONTENT + b"X-A: b\r\n\r\n"), "9112 6.3, rule 1")
add("no_content_with_length_0", held(NO_CONTENT + b"Content-Length: 0\r\n\r\n"), "9112 6.3, rule 1")
add(
    "no_content_both_framings",
    held(NO_CONTENT + BOTH + b"\r\n"),
    "9112 6.3, rule 1",
    but_not=PYTHON,
)
add("no_content_with_content", NO_CONTENT + L + E, "9112 6.3, rule 1", leftovers=True)
add("not_modified", held(NOT_MODIFIED + b"\r\n"), "9112 6.3, rule 1", OLD)
add(
    "not_modified_with_length",
    held(NOT_MODIFIED + b"Content-Length: 500\r\n\r\n"),
    "9112 6.3, rule 1",
    OLD,
    but_not=("undici",),  # Its version in Debian 12 waits for the content.
)
add(
    "not_modified_both_framings",
    held(NOT_MODIFIED + BOTH + b"\r\n"),
    "9112 6.3, rule 1",
    OLD,
    but_not=PYTHON,
)
RESET = b"HTTP/1.1 205 Reset Content\r\n"
add("reset_content", held(RESET + b"Content-Length: 0\r\n\r\n"), "9110 15.3.6")
add(
    "reset_content_chunked",
    held(RESET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "9110 15.3.6",
)
add("reset_content_by_the_end", RESET + b"\r\n", "9110 15.3.6")
add("reset_content_without_framing", held(RESET + b"\r\n"), "9110 15.3.6", clients=("chromium",))
add("reset_content_with_content", RESET + L + E, "9110 15.3.6")
