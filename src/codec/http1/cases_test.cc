// Runs the tables of raw cases in tests/cases (their format is in its README.md): whole, cut at
// every place, byte by byte and at random; the outcome must be the same. A message that was
// accepted is written and read again, and must be the same too.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "codec/http1/chunked.h"
#include "codec/http1/head_parser.h"
#include "codec/http1/serialize.h"
#include "codec/http1/strict_reader.h"
#include "http/target_parse.h"

namespace weir::http1 {
namespace {

using Pieces = std::vector<std::string_view>;

// --- The table -----------------------------------------------------------------------------------

struct Case {
  std::string name, raw, expect, method = "GET";
  int line = 0;
  /// All other keys; values are without their quotes.
  std::vector<std::pair<std::string, std::string>> facts;
};

std::string decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (const char c = text.at(++i)) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'x':
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      case '*': {
        const size_t open = text.find('{', i);
        const size_t close = text.find('}', open);
        const std::string piece = decode(text.substr(open + 1, close - open - 1));
        for (int n = std::stoi(std::string(text.substr(i + 1, open - i - 1))); n > 0; --n)
          out += piece;
        i = close;
        break;
      }
      default: out += c;
    }
  }
  return out;
}

std::vector<Case> read_cases(const std::string& name) {
  std::ifstream file(std::string(WEIR_CASES) + "/" + name);
  std::vector<Case> cases;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) {
      ADD_FAILURE() << name << ":" << number << ": no key";
      continue;
    }
    const std::string key = line.substr(0, colon);
    std::string value(base::trim(std::string_view(line).substr(colon + 1)));
    if (value.size() >= 2 && value.front() == '"')
      value = decode(std::string_view(value).substr(1, value.size() - 2));
    if (key == "case") {
      cases.emplace_back();
      cases.back().name = value;
      cases.back().line = number;
    } else if (cases.empty()) {
      ADD_FAILURE() << name << ":" << number << ": no case yet";
    } else if (key == "raw") {
      cases.back().raw += value;
    } else if (key == "expect") {
      cases.back().expect = value;
    } else if (key == "method") {
      cases.back().method = value;
    } else if (key != "rfc") {
      cases.back().facts.emplace_back(key, value);
    }
  }
  return cases;
}

// --- Reading a message ---------------------------------------------------------------------------

struct Outcome {
  std::string verdict;  // `accept`, `incomplete` or a status.
  std::string detail;
  std::string forwarded, authority, host, reason, framing, body, left, mended;
  int port = 0;
  int status = 0;
  bool persist = false;
  std::vector<std::string> fields, trailers;

  bool operator==(const Outcome&) const = default;
};

std::string_view name_of(Framing::Kind kind) {
  switch (kind) {
    case Framing::Kind::none: return "none";
    case Framing::Kind::length: return "length";
    case Framing::Kind::chunked: return "chunked";
    case Framing::Kind::until_close: return "close";
  }
  return "";
}

std::vector<std::string> lines_of(const http::Fields& fields) {
  std::vector<std::string> lines;
  for (const http::Field& field : fields.all()) {
    EXPECT_EQ(field.id, http::field_id_of(field.name()));
    lines.push_back(std::string(field.name()) + ": " + std::string(field.value()));
  }
  return lines;
}

/// A strict reader must read from Weir's output what Weir has read.
void expect_strict(const http::Trailers& trailers, const std::vector<std::string>& lines) {
  std::string written(size_of_last_chunk(&trailers), '?');
  ASSERT_EQ(write_last_chunk(written.data(), &trailers), written.data() + written.size());
  ASSERT_TRUE(written.starts_with("0\r\n"));
  testing::StrictHead read;
  ASSERT_TRUE(testing::take_fields(std::string_view(written).substr(3), read)) << written;
  EXPECT_EQ(read.fields, lines);
  EXPECT_EQ(read.framing, "none");
}

void expect_strict(const http::ResponseHead& head, const Framing& framing) {
  std::string written(size_of(head), '?');
  ASSERT_EQ(write_head(written.data(), head), written.data() + written.size());
  const auto read = testing::read_strictly(written);
  ASSERT_TRUE(read) << written;
  EXPECT_EQ(read->status, std::to_string(head.status));
  EXPECT_EQ(read->reason, head.reason.empty() ? http::reason_of(head.status) : head.reason);
  EXPECT_EQ(read->fields, lines_of(head.fields));
  if (framing.kind == Framing::Kind::chunked) EXPECT_EQ(read->framing, "chunked");
  if (framing.kind == Framing::Kind::until_close) EXPECT_EQ(read->framing, "none");
  if (framing.kind == Framing::Kind::length)
    EXPECT_EQ(read->framing, "length " + std::to_string(framing.length));
}

/// Takes a message's content off the pieces that follow its head.
class Content {
 public:
  Content(Framing framing, Side side)
      : framing_(framing), decoder_(side), done_(framing.kind == Framing::Kind::none) {
    if (framing.kind == Framing::Kind::length) done_ = framing.length == 0;
  }
  base::Result<void> feed(std::string_view in, Outcome& outcome) {
    switch (framing_.kind) {
      case Framing::Kind::none: break;
      case Framing::Kind::until_close: outcome.body += in; return {};
      case Framing::Kind::length: {
        const std::string_view taken =
            in.substr(0, static_cast<size_t>(std::min<uint64_t>(in.size(), framing_.length)));
        outcome.body += taken;
        framing_.length -= taken.size();
        done_ = framing_.length == 0;
        in.remove_prefix(taken.size());
        break;
      }
      case Framing::Kind::chunked: {
        // A buffer of the exact size, so that the sanitizer sees a read beyond it.
        const auto buffer = std::make_unique<char[]>(in.size());
        std::copy(in.begin(), in.end(), buffer.get());
        TRY(const auto decoded, decoder_.decode(buffer.get(), in.size()));
        outcome.body.append(buffer.get(), decoded.produced);
        EXPECT_EQ(decoded.done, decoder_.done());
        EXPECT_TRUE(decoded.done || decoded.consumed == in.size());
        done_ = decoded.done;
        in.remove_prefix(decoded.consumed);
        break;
      }
    }
    outcome.left += in;
    return {};
  }
  void finish(Outcome& outcome) {
    const bool whole = done_ || framing_.kind == Framing::Kind::until_close;
    outcome.verdict = whole ? "accept" : "incomplete";
    if (!decoder_.trailers()) return;
    outcome.trailers = lines_of(decoder_.trailers()->fields);
    if (decoder_.mended()) expect_strict(*decoder_.trailers(), outcome.trailers);
  }
  const ChunkedDecoder& decoder() const { return decoder_; }

 private:
  Framing framing_;
  ChunkedDecoder decoder_;
  bool done_;
};

Outcome failed(const base::Error& error) {
  Outcome outcome;
  outcome.verdict = std::to_string(error.status());
  outcome.detail = error.detail();
  EXPECT_FALSE(error.detail().empty());
  return outcome;
}

/// Notes the word for what was mended, which must also end the connection.
void note_mended(const ResponseParser& parser, const ChunkedDecoder& decoder, Outcome& outcome) {
  if (parser.mended()) EXPECT_FALSE(parser.keep_alive());
  const char* const word = parser.mended() ? parser.mended() : decoder.mended();
  if (!word) return;
  outcome.mended = word;
  outcome.persist = false;
}

/// Feeds pieces to a parser until its head is done, the rest to the content. `on_head` may refuse.
template <class Parser, class OnHead>
Outcome read_message(Parser& parser, Side side, const Pieces& pieces, OnHead on_head) {
  Outcome outcome;
  std::unique_ptr<Content> content;
  for (const std::string_view piece : pieces) {
    const auto copy = std::make_unique<char[]>(piece.size());
    std::copy(piece.begin(), piece.end(), copy.get());
    std::string_view in(copy.get(), piece.size());
    if (!content) {
      const auto taken = parser.feed(in);
      if (!taken) return failed(taken.error());
      in.remove_prefix(*taken);
      if (!parser.done()) {
        EXPECT_TRUE(in.empty());
        continue;
      }
      if (const auto fine = on_head(outcome); !fine) return failed(fine.error());
      content = std::make_unique<Content>(parser.framing(), side);
    }
    if (const auto fine = content->feed(in, outcome); !fine) return failed(fine.error());
  }
  if (!content) {
    outcome.verdict = "incomplete";
    return outcome;
  }
  content->finish(outcome);
  outcome.framing = name_of(parser.framing().kind);
  outcome.persist = parser.keep_alive();
  if constexpr (std::is_same_v<Parser, ResponseParser>)
    note_mended(parser, content->decoder(), outcome);
  return outcome;
}

/// Writes the head and reads it again.
void expect_same_again(const http::RequestHead& head, const Framing& framing) {
  std::string again(size_of(head, head.raw_target), '?');
  char* const end = write_head(again.data(), head, head.raw_target);
  ASSERT_EQ(end, again.data() + again.size());
  for (const std::string& line : lines_of(head.fields))
    EXPECT_NE(again.find("\r\n" + line + "\r\n"), std::string::npos) << line;
  // An HTTP/1.0 request is written as HTTP/1.1: only that may differ.
  RequestParser parser(HeadLimits{.bytes = 1 << 20});
  const auto taken = parser.feed(again);
  ASSERT_TRUE(taken) << taken.error().detail();
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(*taken, again.size());
  EXPECT_EQ(parser.head()->method_token, head.method_token);
  EXPECT_EQ(parser.head()->raw_target, head.raw_target);
  EXPECT_EQ(lines_of(parser.head()->fields), lines_of(head.fields));
  EXPECT_EQ(parser.framing().kind, framing.kind);
  EXPECT_EQ(parser.framing().length, framing.length);
}

void expect_same_again(const http::ResponseHead& head, const Framing& framing,
                       http::Method method) {
  std::string again(size_of(head), '?');
  char* const end = write_head(again.data(), head);
  ASSERT_EQ(end, again.data() + again.size());
  for (const std::string& line : lines_of(head.fields))
    EXPECT_NE(again.find("\r\n" + line + "\r\n"), std::string::npos) << line;
  ResponseParser parser(method, HeadLimits{.bytes = 1 << 20});
  const auto taken = parser.feed(again);
  ASSERT_TRUE(taken) << taken.error().detail();
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(*taken, again.size());
  EXPECT_EQ(parser.head()->status, head.status);
  EXPECT_EQ(parser.head()->reason,
            head.reason.empty() ? http::reason_of(head.status) : head.reason);
  EXPECT_EQ(lines_of(parser.head()->fields), lines_of(head.fields));
  EXPECT_EQ(parser.framing().kind, framing.kind);
  EXPECT_EQ(parser.framing().length, framing.length);
}

Outcome read_request(const Case&, const Pieces& pieces) {
  RequestParser parser;
  Outcome outcome =
      read_message(parser, Side::client, pieces, [&](Outcome& out) -> base::Result<void> {
        http::RequestHead& head = *parser.head();
        CHECK_OK(http::parse_target(head));
        out.forwarded = std::string(head.method_token) + " " +
                        std::string(head.method == http::Method::connect ? head.target.authority
                                                                         : head.target.path);
        out.authority = head.target.authority;
        out.host = head.target.written_authority;
        out.port = head.target.port;
        out.fields = lines_of(head.fields);
        return {};
      });
  if (outcome.verdict == "accept" && pieces.size() == 1)
    expect_same_again(*parser.head(), parser.framing());
  return outcome;
}

Outcome read_response(const Case& from, const Pieces& pieces) {
  ResponseParser parser(http::method_of(from.method));
  Outcome outcome =
      read_message(parser, Side::origin, pieces, [&](Outcome& out) -> base::Result<void> {
        out.status = parser.head()->status;
        out.reason = parser.head()->reason;
        out.fields = lines_of(parser.head()->fields);
        if (parser.mended()) expect_strict(*parser.head(), parser.framing());
        return {};
      });
  if (outcome.verdict == "accept" && pieces.size() == 1) {
    expect_same_again(*parser.head(), parser.framing(), http::method_of(from.method));
  }
  return outcome;
}

// --- The tests -----------------------------------------------------------------------------------

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += "  " + line + "\n";
  return all;
}

void check_facts(const Case& from, const Outcome& got) {
  EXPECT_EQ(got.verdict, from.expect) << got.detail;
  if (from.expect != "accept" || got.verdict != "accept") return;
  std::string left, mended;
  for (const auto& [key, value] : from.facts) {
    const auto has = [&](const std::vector<std::string>& lines) {
      return std::find(lines.begin(), lines.end(), value) != lines.end();
    };
    if (key == "forwarded")
      EXPECT_EQ(got.forwarded, value);
    else if (key == "authority")
      EXPECT_EQ(got.authority, value);
    else if (key == "host")
      EXPECT_EQ(got.host, value);
    else if (key == "port")
      EXPECT_EQ(std::to_string(got.port), value);
    else if (key == "status")
      EXPECT_EQ(std::to_string(got.status), value);
    else if (key == "reason")
      EXPECT_EQ(got.reason, value);
    else if (key == "framing")
      EXPECT_EQ(got.framing, value);
    else if (key == "body")
      EXPECT_EQ(got.body, value);
    else if (key == "persist")
      EXPECT_EQ(got.persist ? "yes" : "no", value);
    else if (key == "field")
      EXPECT_TRUE(has(got.fields)) << value << "\n" << joined(got.fields);
    else if (key == "fields")
      EXPECT_EQ(std::to_string(got.fields.size()), value) << joined(got.fields);
    else if (key == "mended")
      mended = value;
    else if (key == "lacks")
      EXPECT_FALSE(joined(got.fields).contains("  " + value + ":")) << joined(got.fields);
    else if (key == "trailer" && value == "none")
      EXPECT_TRUE(got.trailers.empty()) << joined(got.trailers);
    else if (key == "trailer")
      EXPECT_TRUE(has(got.trailers)) << value << "\n" << joined(got.trailers);
    else if (key == "left")
      left = value;
    else
      ADD_FAILURE() << "unknown key " << key;
  }
  EXPECT_EQ(got.left, left);
  EXPECT_EQ(got.mended, mended);
}

/// The positions at which a case is split in two: all, or for long cases some hundred, with all
/// near the ends.
std::vector<size_t> cuts_of(size_t size) {
  std::vector<size_t> cuts;
  for (size_t at = 1; at < size; at += (at < 150 || size - at < 150 || size < 1500)
                                           ? 1
                                           : std::max<size_t>(1, (size - 300) / 40)) {
    cuts.push_back(at);
  }
  return cuts;
}

using Read = Outcome (*)(const Case&, const Pieces&);

void run(const Case& from, Read read) {
  const std::string_view raw = from.raw;
  const Outcome whole = read(from, {raw});
  check_facts(from, whole);
  // The text of an error may depend on where the bytes are split, but the result may not.
  const auto expect_same = [&](Outcome got, const std::string& how) {
    got.detail = whole.detail;
    EXPECT_TRUE(got == whole) << how << ": " << got.verdict << ", whole: " << whole.verdict << " "
                              << whole.detail << "\n"
                              << joined(got.fields) << got.body << "|" << got.left;
  };
  for (const size_t cut : cuts_of(raw.size())) {
    expect_same(read(from, {raw.substr(0, cut), raw.substr(cut)}), "cut at " + std::to_string(cut));
  }
  Pieces bytes;
  for (size_t i = 0; i < raw.size(); ++i) bytes.push_back(raw.substr(i, 1));
  expect_same(read(from, bytes), "byte by byte");
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    Pieces pieces;
    const size_t most = size_t{1} << (random() % 12);
    for (size_t at = 0; at < raw.size();) {
      const size_t size = 1 + random() % most;
      pieces.push_back(raw.substr(at, size));
      at += size;
    }
    expect_same(read(from, pieces), "random pieces, round " + std::to_string(round));
  }
}

void run_all(const char* name, Read read, size_t at_least) {
  const std::vector<Case> cases = read_cases(name);
  EXPECT_GE(cases.size(), at_least);
  for (const Case& from : cases) {
    SCOPED_TRACE(std::string(name) + ":" + std::to_string(from.line) + ": " + from.name);
    run(from, read);
  }
}

TEST(RawCases, Requests) {
  run_all("http1_requests.txt", read_request, 290);
}
TEST(RawCases, Responses) {
  run_all("http1_responses.txt", read_response, 220);
}

}  // namespace
}  // namespace weir::http1
