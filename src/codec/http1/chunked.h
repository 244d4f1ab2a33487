// Decodes the chunked transfer coding in place (RFC 9112, 7.1).
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/ref.h"
#include "codec/http1/field_mender.h"
#include "codec/http1/lines.h"
#include "http/head.h"

namespace weir::http1 {

/// Limits beyond which a message is an attack: bytes of extensions (and of blanks after sizes) in a
/// chunk's line; the same in the whole message, where each byte of content so far allows one more;
/// bytes and number of trailer fields. Extensions and line ends are dropped; so are trailer fields
/// that are useless or harmful at the end of a message.
inline constexpr size_t kChunkLineExtensions = 256;
inline constexpr size_t kMessageExtensions = 4 * 1024;
inline constexpr HeadLimits kTrailerLimits{16 * 1024, 100};
/// The largest chunk size: more than any content that could be sent, and small enough that the
/// arithmetic does not overflow.
inline constexpr uint64_t kLargestChunk = uint64_t{1} << 62;

/// Decodes one message. Errors are 400 or 431 for a client's content, 502 for an origin's; after an
/// error the decoder can't be used any more.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(Side side) : side_(side) {}
  ChunkedDecoder(const ChunkedDecoder&) = delete;
  ChunkedDecoder& operator=(const ChunkedDecoder&) = delete;

  struct Decoded {
    /// Bytes of input used: all of them, unless the message ended earlier.
    size_t consumed = 0;
    /// Bytes of content, which now stand at the beginning of `data`.
    size_t produced = 0;
    bool done = false;
  };
  /// Content of several chunks is moved together, so that one read gives one slice; nothing else is
  /// copied. The bytes after the message, from data + consumed on, are untouched; bytes between
  /// `produced` and `consumed` have no meaning.
  base::Result<Decoded> decode(char* data, size_t size);

  /// The last chunk and the trailers were read. If the input ends before that, the content is
  /// incomplete.
  bool done() const { return state_ == State::done; }
  /// Null if there were none; empty if none are passed on.
  const base::Ref<http::Trailers>& trailers() const { return trailers_; }
  /// The first thing that was mended in an origin's chunks, like ResponseParser::mended():
  /// `chunk-size` (a size line that ends in LF, or has blanks after its size) or `trailer`. The
  /// connection is not used again then. Final once done().
  const char* mended() const {
    return size_mended_ ? "chunk-size" : mender_.mended() ? "trailer" : nullptr;
  }
  /// Content bytes so far.
  uint64_t total() const { return total_; }
  /// Content bytes of the current chunk that are still to come: a hint for the next read.
  uint64_t left_in_chunk() const { return left_; }

 private:
  enum class State : uint8_t {
    size_first,
    size,
    after_size,        // Blanks after the size: an origin's line may end after them.
    before_semicolon,  // Blanks after the size or a value: only a ';' may follow them.
    before_name,
    name,
    before_equals,  // Blanks after a name: '=' or ';' may follow.
    before_value,
    value,
    quoted,
    quoted_pair,
    after_quoted,
    size_feed,
    content,
    content_return,
    content_feed,
    trailer,
    trailer_feed,
    done,
  };

  /// Takes a byte in any state but `content` and `trailer`. Returns nullptr, or what is wrong with
  /// it.
  const char* take_byte(char c);
  const char* take_extension_byte(char c);
  const char* end_of_size_line();
  const char* end_of_size_line_by_feed();
  base::Result<void> take_trailers(const char*& at, const char* end);
  const char* take_trailer(const Line& line, bool fault);
  const char* end_trailers();

  uint64_t left_ = 0;
  uint64_t total_ = 0;
  uint64_t message_extensions_ = 0;
  uint32_t line_extensions_ = 0;
  uint32_t trailer_bytes_ = 0;
  base::Ref<http::Trailers> trailers_;
  LineCutter lines_;
  FieldMender mender_;
  Side side_;
  State state_ = State::size_first;
  uint8_t digits_ = 0;
  bool size_mended_ = false;
  bool by_feed_ = false;  // The last size line ended in LF alone.
};

/// True for fields that have no place after the content: framing, routing, request modifiers,
/// authentication, response control data and fields that say how to read the content (RFC 9110,
/// 6.5.1), and hop-by-hop fields.
bool is_forbidden_trailer(http::FieldId id);

}  // namespace weir::http1
