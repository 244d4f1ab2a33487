"""THE LIST OF EXCEPTIONS: where clients end differently through Weir, whom that protects or why it
is necessary, and where it is documented. The list can't become stale: an entry that names clients
fails if one of them ends the same (except with `sometimes`); an entry for every client (`*`) fails
if no client that was played ends differently.

Weir does not look into a tunnel, so there are no entries for the form `connect`. `connect@always`
is a tunnel in which Weir serves a session."""

from dataclasses import dataclass

PYTHON = "urllib http.client requests"


@dataclass(frozen=True)
class Exempt:
    """`directly` and `through` are the kinds of ends to which the entry applies (outcome.py);
    `aspects` may differ."""

    rows: str
    clients: str
    reason: str
    directly: str = ""
    through: str = ""
    aspects: str = "kind"
    forms: str = "absolute connect@always"
    sometimes: bool = False  # Depends on the client's version, or on Weir's choice of connection.

    def covers(self, client, form, row):
        named = self.clients == "*" or client in self.clients.split()
        return named and form in self.forms.split() and row in self.rows.split()

    def allows(self, found, ends):
        """Whether the entry applies to what was found. `ends` has a pair of kinds for each step."""
        if not set(found) <= set(self.aspects.split()):
            return False
        differing = [(a, b) for a, b in ends if a != b]
        directly, through = self.directly.split(), self.through.split()
        return all(
            (not directly or a in directly) and (not through or b in through) for a, b in differing
        )


EXCEPTIONS = [
    # An answer with two possible readings, or none, is refused for all clients, even if some accept
    # it. Inside a tunnel it is relayed unchanged.
    Exempt(
        "length_with_bad_bytes_in_name connection_with_bad_bytes_in_name",
        "*",
        "Which of two fields a name is that has bytes too many, two programs read in two ways: "
        "smuggling (9110 5.1).",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "fold_before_the_first_field",
        "*",
        "A fold of the status line may hide a field from one of two readers (9112 2.2 lets a "
        "recipient reject it).",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "lf_in_a_crlf_head crlf_in_an_lf_head",
        "*",
        "A head with both line ends is what header injection past a filter of CRLF looks like "
        "(9112 2.2).",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "differing_lengths differing_lengths_in_a_list empty_length signed_length negative_length "
        "overflowing_length control_in_a_length",
        "*",
        "A length that is invalid is an unrecoverable error: 502, and the connection is closed "
        "(9112 6.3, rule 5).",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "chunked_in_http_1_0",
        "*",
        "The framing is faulty, and the connection has to be closed (9112 6.1): who counts it and "
        "who does not differ.",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "coding_before_chunked chunked_twice unknown_coding",
        "*",
        "Weir would have to hand on a coding that the client has not asked for and may not know "
        "(9112 6.1, 7.4).",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "broken_chunk_size empty_chunk_size prefixed_chunk_size overflowing_chunk_size",
        "*",
        "Where content ends is not known (9112 7.1).",
        through="refused cut",
        forms="absolute",
    ),
    Exempt(
        "head_cut head_cut_in_a_name",
        "*",
        "A head that was cut off is no response (9112 8): what is missing may have been its "
        "framing.",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "four_digits_of_status",
        "*",
        "A status has three digits (9112 4).",
        through="refused",
        forms="absolute",
    ),
    Exempt(
        "origin_says_407",
        "*",
        "A client would ask a person for the proxy's password and send it to the origin (9110 "
        "15.5.8).",
        through="refused",
        forms="absolute",
    ),
    # An answer that one client refuses and most accept is mended for all.
    Exempt(
        "no_colon empty_name blanks_in_name blanks_in_name_and_before_the_colon "
        "eight_bits_in_name slash_in_name status_as_name control_in_name junk_with_folds "
        "blanks_before_the_colon length_with_blanks_before_the_colon length_with_a_blank_in_name "
        "fold fold_with_a_tab fold_that_is_empty fold_of_a_length nul_in_value bare_cr_in_value",
        "*",
        "One reading is left: what is no field is dropped, folds are joined (9112 5.1, 5.2; 9110 "
        "5.5).",
        directly="refused cut",
        through="answered",
    ),
    Exempt(
        "lf_only lf_only_with_a_fold lf_only_in_pieces crlf_before_the_status_line "
        "lf_before_the_status_line blanks_before_the_status_line two_blanks_in_the_status_line "
        "lower_case_version http_2_0 icy radio",
        "*",
        "One reading is left (9112 2.2, 4): old servers, devices and radios answer so.",
        directly="refused cut",
        through="answered",
    ),
    Exempt(
        "two_equal_lengths equal_lengths_in_a_list length_and_chunked longer_length_and_chunked "
        "identity_and_length chunk_size_with_blanks_after chunk_lines_lf chunk_size_line_lf "
        "trailers_with_junk trailers_with_a_fold chunked_and_empty_length",
        "*",
        "One reading is left (9112 6.3, 7.1).",
        directly="refused cut",
        through="answered",
    ),
    Exempt(
        "head_both_framings head_two_lengths head_differing_lengths head_with_content "
        "no_content_both_framings no_content_with_content not_modified_both_framings "
        "content_of_head content_of_not_modified content_of_no_content content_behind_its_length "
        "second_last_chunk reset_content_with_content",
        "*",
        "What has no content has none (9112 6.3, rule 1), and what follows an answer belongs to "
        "nobody.",
        directly="refused cut",
        through="answered",
    ),
    Exempt(
        "head_both_framings not_modified_both_framings",
        "*",
        "Whoever hands a message on takes Content-Length away that came with Transfer-Encoding "
        "(9112 6.3, rule 3).",
        aspects="fields",
    ),
    Exempt(
        "head_differing_lengths",
        "*",
        "Weir hands on no length where there are two (9112 6.3, rule 5).",
        aspects="fields",
    ),
    Exempt(
        "reset_content_with_content",
        "*",
        "A 205 has no content (9110 15.3.6): some clients read it on, others take it for the next "
        "answer.",
        aspects="content",
    ),
    # Differences of a single client.
    Exempt(
        "blanks_before_the_colon junk_with_folds",
        PYTHON,
        "Python's parser drops a field, or all that follow, where Weir writes what is left (9112 "
        "5.1).",
        aspects="fields",
    ),
    Exempt(
        "bare_cr_in_value",
        PYTHON,
        "Python ends a line at the bare CR; Weir writes a blank (9112 2.2).",
        aspects="fields",
    ),
    Exempt(
        "nul_in_value",
        "wget",
        "wget's value ends at the NUL; Weir writes a blank (9110 5.5).",
        aspects="fields",
    ),
    Exempt(
        "bare_cr_in_value",
        "chromium",
        "Chromium's value ends at the CR; Weir writes a blank (9110 5.5).",
        aspects="fields",
    ),
    Exempt(
        "icy radio",
        "chromium",
        "Chromium takes the whole answer for content without a head; Weir reads the head "
        "(Shoutcast).",
        aspects="fields content",
    ),
    Exempt(
        "chunked_and_empty_length",
        "wget",
        "wget counts the empty length, where chunked counts (9112 6.3, rule 3).",
        aspects="content",
    ),
    Exempt(
        "dies_when_posted_to",
        "urllib wget",
        "These clients have a new connection for each request; Weir has its kept one, and must "
        "not repeat a POST (9110 9.2.2).",
        directly="answered",
        through="refused",
        sometimes=True,
    ),
    Exempt(
        "last_chunk_without_an_end",
        PYTHON,
        "Python takes half a last chunk for one; a chunked message whose end did not come is "
        "incomplete (9112 8).",
        directly="answered",
        through="cut",
    ),
    Exempt(
        "cut_in_a_chunk",
        "wget",
        "wget does not notice that a chunk ends early, and does that the last chunk is missing "
        "(9112 8).",
        directly="answered",
        through="cut",
    ),
    Exempt(
        "content_of_not_modified",
        "wget",
        "wget reads content after a 304, which has none (9112 6.3, rule 1).",
        aspects="content",
    ),
    Exempt(
        "reset_in_a_length",
        "requests",
        "requests does not count; Weir ends the client's connection early, and does not reset it, "
        "which could take content away that is on its way (9112 8).",
        directly="cut",
        through="answered",
    ),
    Exempt(
        "dies_when_asked_again",
        "node requests",
        "Weir asks again where a GET met the end of a kept connection (9110 9.2.2), as these "
        "clients do not.",
        directly="refused",
        through="answered",
        forms="absolute",
    ),
    Exempt(
        "chunk_extension",
        "undici",
        "undici in Debian 12 reads no quoted extension, and Weir hands none on (9112 7.1.1).",
        directly="refused",
        through="answered",
    ),
    Exempt(
        "two_blanks_in_the_status_line",
        "node",
        "Node 18 reads the status as 0.",
        aspects="status",
        sometimes=True,
    ),
    Exempt(
        "early_hints_with_framing",
        "node",
        "Node 18 takes the interim response's length for the answer's (9112 6.3, rule 1).",
        directly="cut",
        through="answered",
        sometimes=True,
    ),
    Exempt(
        "no_content_with_content content_of_no_content",
        "node",
        "Node 18 reads content after a 204, which has none (9112 6.3, rule 1).",
        aspects="content",
        sometimes=True,
    ),
    Exempt(
        "expect_without_content",
        "curl",
        "Expect without content asks for nothing, and some origins answer it with 417 (9110 "
        "10.1.1): it goes no further.",
        aspects="request interim",
    ),
    Exempt(
        "http_1_0_kept",
        "raw",
        "No proxy may keep an HTTP/1.0 client's connection (9112 9.3, C.2.2).",
        directly="answered",
        through="refused",
        aspects="kind request",
        forms="absolute",
    ),
    Exempt(
        "name_and_password_in_the_url name_alone_in_the_url encoded_password_in_the_url",
        "wget",
        "wget leaves the login to the proxy, and directly sends it only when asked (9110 4.2.4 is "
        "an exception).",
        aspects="request",
    ),
]


def exemptions(client, form, row):
    return [each for each in EXCEPTIONS if each.covers(client, form, row)]
