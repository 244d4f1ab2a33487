#include "http/head.h"

#include <cstring>
#include <new>

#include "base/text.h"

namespace weir::http {

Arena::~Arena() {
  while (more_) {
    More* next = more_->next;
    base::give_back_memory(more_, more_->size);
    more_ = next;
  }
}

char* Arena::grow(size_t size) {
  const size_t whole = size + sizeof(More) > Head::kBlock ? size + sizeof(More) : Head::kBlock;
  auto* more = static_cast<More*>(base::take_memory(whole));
  more->next = more_;
  more->size = whole;
  more_ = more;
  extra_ += whole;
  at_ = reinterpret_cast<char*>(more) + sizeof(More);
  end_ = reinterpret_cast<char*>(more) + whole;
  char* memory = at_;
  at_ += size;
  return memory;
}

std::string_view Arena::copy(std::string_view bytes) {
  if (bytes.empty()) return {};
  char* to = allocate(bytes.size());
  std::memcpy(to, bytes.data(), bytes.size());
  return {to, bytes.size()};
}

const Field* Fields::find(FieldId id) const {
  if (!may_have(id)) return nullptr;
  for (const Field& field : all()) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

const Field* Fields::find(std::string_view name) const {
  for (const Field& field : all()) {
    if (base::equal_ignoring_case(field.name(), name)) return &field;
  }
  return nullptr;
}

size_t Fields::count(FieldId id) const {
  size_t count = 0;
  if (!may_have(id)) return count;
  for (const Field& field : all()) count += field.id == id;
  return count;
}

std::string_view Fields::get(FieldId id) const {
  const Field* field = find(id);
  return field ? field->value() : std::string_view();
}

void Fields::grow() {
  const uint32_t capacity = capacity_ == 0 ? 24 : capacity_ * 2;
  char* memory = arena_.allocate(capacity * sizeof(Field) + alignof(Field));
  memory += -reinterpret_cast<uintptr_t>(memory) & (alignof(Field) - 1);
  auto* table = reinterpret_cast<Field*>(memory);
  if (size_ > 0) std::memcpy(table, table_, size_ * sizeof(Field));
  table_ = table;
  capacity_ = capacity;
}

void Fields::add(std::string_view name, std::string_view value) {
  add_in_place(arena_.copy(name), arena_.copy(value), field_id_of(name));
}
void Fields::add(FieldId id, std::string_view value) {
  add_in_place(name_of(id), arena_.copy(value), id);
}

void Fields::set(FieldId id, std::string_view value) {
  uint32_t first = 0;
  while (first < size_ && table_[first].id != id) ++first;
  if (first == size_) return add(id, value);
  // Usually the line has this value already.
  if (table_[first].value() != value) {
    const std::string_view stored = arena_.copy(value);
    table_[first].value_data = stored.data();
    table_[first].value_size = static_cast<uint32_t>(stored.size());
  }
  uint32_t kept = first + 1;
  for (uint32_t i = kept; i < size_; ++i) {
    if (table_[i].id == id) continue;
    if (i != kept) table_[kept] = table_[i];
    ++kept;
  }
  size_ = kept;
}

void Fields::set_first(FieldId id, std::string_view value) {
  if (has(id)) return set(id, value);
  add(id, value);
  const Field field = table_[size_ - 1];
  std::memmove(table_ + 1, table_, (size_ - 1) * sizeof(Field));
  table_[0] = field;
}

void Fields::remove(FieldId id) {
  if (!may_have(id)) return;
  remove_if([id](const Field& field) { return field.id == id; });
}
void Fields::remove(std::string_view name) {
  remove_if([name](const Field& field) { return base::equal_ignoring_case(field.name(), name); });
}

namespace {
template <class T>
void destroy(T* head) {
  head->~T();
  base::give_back_memory(head, Head::kBlock);
}
char* block_for_head() {
  return static_cast<char*>(base::take_memory(Head::kBlock));
}
}  // namespace

base::Ref<RequestHead> RequestHead::make() {
  char* block = block_for_head();
  return base::Ref<RequestHead>(
      new (block) RequestHead(block + sizeof(RequestHead), kBlock - sizeof(RequestHead)));
}
base::Ref<RequestHead> RequestHead::clone() const {
  auto copy = make();
  const auto copied = [&](std::string_view text) { return copy->copy(text); };
  copy->version = version;
  copy->method = method;
  copy->method_token = copied(method_token);
  copy->raw_target = copied(raw_target);
  copy->login = copied(login);
  copy->login_origin = copied(login_origin);
  copy->target = target;
  copy->target.host = copied(target.host);
  copy->target.path = copied(target.path);
  copy->target.authority = copied(target.authority);
  copy->target.written_authority = copied(target.written_authority);
  for (const Field& field : fields.all())
    copy->fields.add_in_place(copied(field.name()), copied(field.value()), field.id);
  return copy;
}
void RequestHead::release() {
  if (last_release()) destroy(this);
}

base::Ref<ResponseHead> ResponseHead::make(int status) {
  char* block = block_for_head();
  base::Ref<ResponseHead> head(
      new (block) ResponseHead(block + sizeof(ResponseHead), kBlock - sizeof(ResponseHead)));
  head->status = status;
  return head;
}
void ResponseHead::release() {
  if (last_release()) destroy(this);
}

base::Ref<Trailers> Trailers::make() {
  char* block = block_for_head();
  return base::Ref<Trailers>(new (block)
                                 Trailers(block + sizeof(Trailers), kBlock - sizeof(Trailers)));
}
void Trailers::release() {
  if (last_release()) destroy(this);
}

std::string_view reason_of(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 508: return "Loop Detected";
    default: return "Unknown";
  }
}

}  // namespace weir::http
