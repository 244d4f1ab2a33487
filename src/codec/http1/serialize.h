// Writes heads and chunks (RFC 9112, 2 to 7) from parsed messages. The caller has edited the
// fields: removed hop-by-hop ones, and set framing, Via and Host. Nothing is checked here; the
// parsers and the stages have done that.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head.h"
#include "http/outgoing_head.h"

namespace weir::http1 {

/// Bytes that the head takes when written, CRLFs included. Take a buffer of this size, and write
/// into it.
size_t size_of(const http::RequestHead& head, std::string_view target);
/// For this one the size is a limit: fields that are left out count.
size_t size_of(const http::OutgoingHead& head, std::string_view target);
size_t size_of(const http::ResponseHead& head);

/// `METHOD target HTTP/1.1`, the fields in their order, and the empty line. Returns the end of what
/// was written.
char* write_head(char* out, const http::RequestHead& head, std::string_view target);
char* write_head(char* out, const http::OutgoingHead& head, std::string_view target);
/// `HTTP/1.1 status reason`, the fields in their order, and the empty line.
char* write_head(char* out, const http::ResponseHead& head);

/// The most bytes that write_chunk_size writes.
inline constexpr size_t kChunkSizeLine = 18;
/// The size in hexadecimal, and CRLF. `size` bytes of content and kChunkEnd follow. Not for 0: that
/// is the last chunk.
char* write_chunk_size(char* out, uint64_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// The last chunk with its trailer fields; `trailers` may be null.
size_t size_of_last_chunk(const http::Trailers* trailers);
char* write_last_chunk(char* out, const http::Trailers* trailers);

}  // namespace weir::http1
