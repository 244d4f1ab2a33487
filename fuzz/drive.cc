#include "drive.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "codec/http1/chunked.h"
#include "codec/http1/head_parser.h"
#include "codec/http1/serialize.h"
#include "http/chars.h"
#include "http/target_parse.h"

namespace weir::fuzz {

using http1::Framing;
using Outcome = Message::Outcome;

bool Pieces::next(std::unique_ptr<char[]>& piece, size_t& size) {
  if (left_.empty()) return false;
  size = left_.size();
  if (seed_ == 1) {
    size = 1;
  } else if (seed_ > 1) {
    state_ = state_ * 1664525 + 1013904223;
    // Mostly small pieces, sometimes large ones.
    size = std::min<size_t>(size, 1 + (state_ >> 16) % ((state_ >> 8) % 4 == 0 ? 200 : 12));
  }
  piece = std::make_unique<char[]>(size);
  std::memcpy(piece.get(), left_.data(), size);
  left_.remove_prefix(size);
  return true;
}

void hold(bool fact, const char* what) {
  if (fact) return;
  std::fprintf(stderr, "This does not hold: %s\n", what);
  std::abort();
}

namespace {

std::string name_of(const Framing& framing) {
  switch (framing.kind) {
    case Framing::Kind::none: return "none";
    case Framing::Kind::length: return "length " + std::to_string(framing.length);
    case Framing::Kind::chunked: return "chunked";
    case Framing::Kind::until_close: break;
  }
  return "close";
}

/// Reads content from pieces after a head. Its first bytes may be in the head's last piece.
class Content {
 public:
  Content(Message& message, http1::Side side) : message_(message), decoder_(side) {}

  void begin(const Framing& framing) {
    framing_ = framing;
    length_left_ = framing.kind == Framing::Kind::length ? framing.length : 0;
    const bool whole = framing.kind == Framing::Kind::none ||
                       (framing.kind == Framing::Kind::length && framing.length == 0);
    message_.outcome = whole ? Outcome::accepted : Outcome::incomplete;
  }
  /// May write over the piece. Returns how many of its bytes belong to the message.
  size_t feed(char* data, size_t size) {
    if (message_.outcome != Outcome::incomplete || size == 0) return 0;
    if (framing_.kind == Framing::Kind::chunked) {
      const auto decoded = decoder_.decode(data, size);
      if (!decoded) {
        message_.outcome = Outcome::refused;
        return 0;
      }
      hold(decoded->produced <= decoded->consumed && decoded->consumed <= size,
           "the decoder stays in its input");
      hold(decoded->done || decoded->consumed == size, "the decoder takes all that is its own");
      message_.content.append(data, decoded->produced);
      hold(decoder_.total() == message_.content.size(), "the decoder counts its content");
      if (decoded->done) message_.outcome = Outcome::accepted;
      return decoded->consumed;
    }
    size_t taken = size;
    if (framing_.kind == Framing::Kind::length) {
      taken = static_cast<size_t>(std::min<uint64_t>(size, length_left_));
      length_left_ -= taken;
      if (length_left_ == 0) message_.outcome = Outcome::accepted;
    }
    message_.content.append(data, taken);
    return taken;
  }
  const http1::ChunkedDecoder& decoder() const { return decoder_; }

 private:
  Message& message_;
  http1::ChunkedDecoder decoder_;
  Framing framing_;
  uint64_t length_left_ = 0;
};

template <class Parser, class Begin>
void drive(Parser& parser, http1::Side side, std::string_view bytes, uint8_t seed, Message& message,
           Begin begin) {
  Pieces pieces(bytes, seed);
  Content content(message, side);
  std::unique_ptr<char[]> piece;
  size_t size = 0, consumed = 0;
  while (message.outcome == Outcome::incomplete && pieces.next(piece, size)) {
    size_t used = 0;
    if (!parser.done()) {
      const auto fed = parser.feed({piece.get(), size});
      if (!fed) {
        message.outcome = Outcome::refused;
        return;
      }
      used = *fed;
      hold(used == size || (used < size && parser.done()), "a head takes all that is its own");
      consumed += used;
      if (!parser.done()) continue;
      if (!begin()) {
        message.outcome = Outcome::refused;
        return;
      }
      message.head_done = true;
      message.minor_version = parser.head()->version == http::Version::http_1_0 ? 0 : 1;
      for (const auto& field : parser.head()->fields.all())
        message.fields.emplace_back(field.name(), field.value());
      message.framing = name_of(parser.framing());
      if constexpr (std::is_same_v<Parser, http1::ResponseParser>) {
        message.mended = parser.mended() != nullptr;
        hold(!message.mended || !parser.keep_alive(), "a mended response ends its connection");
      }
      content.begin(parser.framing());
    }
    consumed += content.feed(piece.get() + used, size - used);
    if (content.decoder().mended()) message.mended = true;
  }
  if (message.outcome == Outcome::accepted) message.consumed = consumed;
}

/// Whether a value has a control character, which may pass unchanged.
bool holds_controls(const std::vector<std::pair<std::string, std::string>>& fields) {
  for (const auto& [name, value] : fields) {
    for (const char c : value) {
      if (http::is_control(c)) return true;
    }
  }
  return false;
}

std::string name_of(http::Method method) {
  switch (method) {
    case http::Method::head: return "HEAD";
    case http::Method::connect: return "CONNECT";
    default: return "GET";
  }
}

const std::string kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Checks that Weir's output for a response is valid, except for bytes that pass unchanged, and has
/// the same meaning.
void hold_written(const Message& message, const Message& read) {
  hold(read.head_done, "the plain reader accepts the head that is written");
  hold(read.status == message.status && read.fields == message.fields &&
           read.framing == message.framing,
       "the head that is written says what was read");
  hold(message.reason.empty() || read.reason == message.reason,
       "the reason is written as it was read");
  hold(!read.mended || message.status > 599 || holds_controls(message.fields),
       "a head is written to the letter");
}

}  // namespace

Message drive_request(std::string_view bytes, uint8_t seed) {
  Message message;
  http1::RequestParser parser;
  drive(parser, http1::Side::client, bytes, seed, message, [&] {
    http::RequestHead& head = *parser.head();
    if (!http::parse_target(head)) return false;
    message.method = head.method_token;
    message.target = head.raw_target;
    const std::string_view target =
        head.target.path.empty() ? head.target.authority : head.target.path;
    std::vector<char> out(http1::size_of(head, target));
    hold(http1::write_head(out.data(), head, target) == out.data() + out.size(),
         "a request head has the size that was said");
    return true;
  });
  return message;
}

Message drive_response(std::string_view bytes, uint8_t seed, http::Method request_method) {
  Message message;
  std::string written;
  http1::ResponseParser parser(request_method);
  drive(parser, http1::Side::origin, bytes, seed, message, [&] {
    const http::ResponseHead& head = *parser.head();
    message.status = head.status;
    message.reason = head.reason;
    std::vector<char> out(http1::size_of(head));
    hold(http1::write_head(out.data(), head) == out.data() + out.size(),
         "a response head has the size that was said");
    written.assign(out.begin(), out.end());
    return true;
  });
  if (message.head_done) hold_written(message, plain_response(written, name_of(request_method)));
  return message;
}

Message drive_chunked(std::string_view bytes, uint8_t seed, bool from_client) {
  Message message;
  Content content(message, from_client ? http1::Side::client : http1::Side::origin);
  content.begin({Framing::Kind::chunked, 0});
  Pieces pieces(bytes, seed);
  std::unique_ptr<char[]> piece;
  size_t size = 0, consumed = 0;
  while (message.outcome == Outcome::incomplete && pieces.next(piece, size))
    consumed += content.feed(piece.get(), size);
  if (message.outcome != Outcome::accepted) return message;
  message.consumed = consumed;
  if (const auto& trailers = content.decoder().trailers()) {
    for (const auto& field : trailers->fields.all())
      message.fields.emplace_back(field.name(), field.value());
    std::vector<char> out(http1::size_of_last_chunk(&*trailers));
    hold(http1::write_last_chunk(out.data(), &*trailers) == out.data() + out.size(),
         "trailers have the size that was said");
    const Message read = plain_response(kChunkedHead + std::string(out.begin(), out.end()), "GET");
    hold(read.outcome == Outcome::accepted,
         "the plain reader accepts the trailers that are written");
    hold(!read.mended || holds_controls(message.fields), "trailers are written to the letter");
  }
  return message;
}

}  // namespace weir::fuzz
