#include "codec/http1/serialize.h"

#include <charconv>
#include <cstring>

namespace weir::http1 {
namespace {

char* put(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

/// One line; `as_written`: name and value stand in memory as they are written.
char* put_line(char* out, std::string_view name, std::string_view value, bool as_written) {
  if (as_written) {
    // Most lines lie in the arena just as they are written: one copy instead of two.
    out = put(out, {name.data(), name.size() + 2 + value.size()});
  } else {
    out = put(put(put(out, name), ": "), value);
  }
  return put(out, "\r\n");
}

size_t size_of_fields(const http::Fields& fields) {
  size_t size = 2;
  for (const http::Field& field : fields.all())
    size += field.name_size + field.value_size + size_t{4};
  return size;
}

char* put_fields(char* out, const http::Fields& fields) {
  for (const http::Field& field : fields.all())
    out = put_line(out, field.name(), field.value(), field.is_as_written());
  return put(out, "\r\n");
}

char* put_request_line(char* out, const http::RequestHead& head, std::string_view target) {
  out = put(out, head.method_token);
  *out++ = ' ';
  out = put(out, target);
  return put(out, " HTTP/1.1\r\n");
}

size_t size_of_request_line(const http::RequestHead& head, std::string_view target) {
  return head.method_token.size() + target.size() + 12;
}

std::string_view reason_for(const http::ResponseHead& head) {
  return head.reason.empty() ? http::reason_of(head.status) : head.reason;
}

}  // namespace

size_t size_of(const http::RequestHead& head, std::string_view target) {
  return size_of_request_line(head, target) + size_of_fields(head.fields);
}

size_t size_of(const http::OutgoingHead& head, std::string_view target) {
  return size_of_request_line(head.head(), target) + size_of_fields(head.head().fields) +
         head.size_of_edits();
}

size_t size_of(const http::ResponseHead& head) {
  return 15 + reason_for(head).size() + size_of_fields(head.fields);
}

char* write_head(char* out, const http::RequestHead& head, std::string_view target) {
  return put_fields(put_request_line(out, head, target), head.fields);
}

char* write_head(char* out, const http::OutgoingHead& head, std::string_view target) {
  out = put_request_line(out, head.head(), target);
  head.for_each_line([&](std::string_view name, std::string_view value, bool as_written) {
    out = put_line(out, name, value, as_written);
  });
  return put(out, "\r\n");
}

char* write_head(char* out, const http::ResponseHead& head) {
  out = put(out, "HTTP/1.1 ");
  *out++ = static_cast<char>('0' + head.status / 100 % 10);
  *out++ = static_cast<char>('0' + head.status / 10 % 10);
  *out++ = static_cast<char>('0' + head.status % 10);
  *out++ = ' ';
  out = put(out, reason_for(head));
  out = put(out, "\r\n");
  return put_fields(out, head.fields);
}

char* write_chunk_size(char* out, uint64_t size) {
  out = std::to_chars(out, out + 16, size, 16).ptr;
  return put(out, "\r\n");
}

size_t size_of_last_chunk(const http::Trailers* trailers) {
  return trailers ? 3 + size_of_fields(trailers->fields) : kLastChunk.size();
}

char* write_last_chunk(char* out, const http::Trailers* trailers) {
  if (!trailers) return put(out, kLastChunk);
  return put_fields(put(out, "0\r\n"), trailers->fields);
}

}  // namespace weir::http1
