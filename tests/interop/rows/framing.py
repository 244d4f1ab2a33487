"""Where content ends: lengths, codings, chunks, trailers."""

from ..behaviour import Step, Table
from .heads import E, H, L

C = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"\r\n2\r\nok\r\n0\r\n\r\n"

table = Table()
add = table.add

add("two_equal_lengths", H + L + L + E, "9112 6.3")
add("equal_lengths_in_a_list", H + b"Content-Length: 2, 2\r\n" + E, "9112 6.3")
add("differing_lengths", H + L + b"Content-Length: 3\r\n" + E, "9112 6.3, rule 5: 502")
add("differing_lengths_in_a_list", H + b"Content-Length: 2, 3\r\n" + E, "9112 6.3, rule 5: 502")
add("empty_length", H + b"Content-Length: \r\n" + E, "9112 6.3, rule 5: 502")
add("signed_length", H + b"Content-Length: +2\r\n" + E, "9112 6.3, rule 5: 502")
add("negative_length", H + b"Content-Length: -2\r\n" + E, "9112 6.3, rule 5: 502")
add(
    "overflowing_length",
    H + b"Content-Length: 99999999999999999999999\r\n" + E,
    "9112 6.3, rule 5: 502",
)
add("length_with_leading_zeros", H + b"Content-Length: 0002\r\n" + E, "9110 8.6")
add("length_zero", H + b"Content-Length: 0\r\n\r\n", "9110 8.6")
add("by_the_end", H + E, "9112 6.3, rule 8")
add("by_the_end_keep_alive", H + b"Connection: keep-alive\r\n" + E, "9112 6.3, rule 8")

add("chunked", H + C + CHUNK, "9112 7.1")
add("length_and_chunked", H + L + C + CHUNK, "9112 6.3, rule 3")
add("longer_length_and_chunked", H + b"Content-Length: 5\r\n" + C + CHUNK, "9112 6.3, rule 3")
add("chunked_and_empty_length", H + C + b"Content-Length: \r\n" + CHUNK, "9112 6.3")
add("identity", H + b"Transfer-Encoding: identity\r\n" + E, "RFC 2616 3.6")
add("identity_and_length", H + b"Transfer-Encoding: identity\r\n" + L + E, "RFC 2616 4.4")
add("chunked_in_http_1_0", b"HTTP/1.0 200 OK\r\n" + C + CHUNK, "9112 6.1: 502")
add("coding_before_chunked", H + b"Transfer-Encoding: gzip, chunked\r\n" + CHUNK, "9112 6.1: 502")
add("chunked_twice", H + C + C + CHUNK, "9112 6.1: 502")
add("unknown_coding", H + b"Transfer-Encoding: xchunked\r\n" + E, "9112 6.1: 502")
add("coding_in_capitals", H + b"Transfer-Encoding: Chunked\r\n" + CHUNK, "9110 10.1.4")

add("chunk_size_with_blanks_after", H + C + b"\r\n2  \r\nok\r\n0\r\n\r\n", "strictness.md")
add("chunk_lines_lf", H + C + b"\r\n2\nok\n0\n\n", "strictness.md")
add("chunk_size_line_lf", H + C + b"\r\n2\nok\r\n0\r\n\r\n", "strictness.md")
add("chunk_size_with_zeros", H + C + b"\r\n00000002\r\nok\r\n000\r\n\r\n", "9112 7.1")
add("chunk_size_in_capitals", H + C + b"\r\nA\r\n0123456789\r\n0\r\n\r\n", "9112 7.1")
add("chunk_extension", H + C + b'\r\n2;a=b;c="d"\r\nok\r\n0\r\n\r\n', "9112 7.1.1")
add("broken_chunk_size", H + C + b"\r\nxyz\r\nok\r\n0\r\n\r\n", "9112 7.1: 502 or cut")
add("empty_chunk_size", H + C + b"\r\n\r\nok\r\n0\r\n\r\n", "9112 7.1: 502 or cut")
add("prefixed_chunk_size", H + C + b"\r\n0x2\r\nok\r\n0\r\n\r\n", "9112 7.1: 502 or cut")
add(
    "overflowing_chunk_size",
    H + C + b"\r\nffffffffffffffffff\r\nok\r\n0\r\n\r\n",
    "9112 7.1: 502 or cut",
)
add("chunked_and_nothing", H + C + b"\r\n0\r\n\r\n", "9112 7.1")


def half_a_last_chunk(case):
    case.send(H + C + b"\r\n2\r\nok\r\n").seen(2).send(b"0\r\n")
    return False


add("last_chunk_without_an_end", half_a_last_chunk, "9112 8: cut", alone=True)


def extensions(case):
    """200 KB in chunks, each with a short extension, as media servers send them."""
    case.send(H + C + b"\r\n")
    case.send(b"200;s=deadbeef\r\n" + b"x" * 512 + b"\r\n")
    case.send((b"200;s=deadbeef\r\n" + b"x" * 512 + b"\r\n") * 399 + b"0\r\n\r\n")
    return False


add("chunk_extensions_in_a_long_stream", extensions, "9112 7.1.1")

TE = Step(fields=(("TE", "trailers"), ("Connection", "TE")))
TRAILERS = b"\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"
add("trailers", H + C + b"Trailer: X-Sum\r\n" + TRAILERS, "9110 6.5")
add("trailers_that_were_asked_for", H + C + b"Trailer: X-Sum\r\n" + TRAILERS, "9110 6.5.1", TE)
add(
    "trailers_with_junk",
    H + C + b"\r\n2\r\nok\r\n0\r\nno colon\r\nX-Sum: 1\r\n\r\n",
    "strictness.md",
    TE,
)
add(
    "trailers_with_a_fold",
    H + C + b"\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n 2\r\n\r\n",
    "strictness.md",
    TE,
)

# Coded content is passed on unchanged.
GZIP = bytes.fromhex("1f8b08000000000002ffcbcf060047dddc7902000000")
add(
    "gzip",
    H + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIP) + GZIP,
    "9110 8.4",
    Step(fields=(("Accept-Encoding", "gzip"),)),
)
add(
    "gzip_chunked",
    H + b"Content-Encoding: gzip\r\n" + C + b"\r\n%x\r\n" % len(GZIP) + GZIP + b"\r\n0\r\n\r\n",
    "9110 8.4",
    Step(fields=(("Accept-Encoding", "gzip"),)),
)
BYTES = bytes(range(256)) * 200
add("every_byte", H + b"Content-Length: %d\r\n\r\n" % len(BYTES) + BYTES, "9110 6.4")
