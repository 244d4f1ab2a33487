// The head of a message: its start line and its fields, in one arena that never moves, so that no
// view of it dangles while the head lives. Of one worker.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/memory.h"
#include "base/ref.h"
#include "http/field_id.h"
#include "http/method.h"
#include "http/target.h"

namespace weir::http {

/// Memory that grows and is given back whole.
class Arena {
 public:
  Arena(char* first, size_t size) : at_(first), end_(first + size) {}
  Arena(const Arena&) = delete;
  ~Arena();

  char* allocate(size_t size) {
    if (static_cast<size_t>(end_ - at_) < size) return grow(size);
    char* memory = at_;
    at_ += size;
    return memory;
  }
  std::string_view copy(std::string_view bytes);
  /// Bytes taken in all beyond the first block: what a large head costs.
  size_t extra_bytes() const { return extra_; }

 private:
  struct More {
    More* next;
    size_t size;
  };
  char* grow(size_t size);

  char* at_;
  char* end_;
  More* more_ = nullptr;
  size_t extra_ = 0;
};

/// One field line. Name and value point into the head's arena, or to static text.
struct Field {
  const char* name_data;
  const char* value_data;
  uint32_t value_size;
  uint16_t name_size;
  FieldId id;

  std::string_view name() const { return {name_data, name_size}; }
  std::string_view value() const { return {value_data, value_size}; }
};

/// The field lines of a message in the order in which they came.
class Fields {
 public:
  explicit Fields(Arena& arena) : arena_(arena) {}
  Fields(const Fields&) = delete;

  std::span<const Field> all() const { return {table_, size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Field* find(FieldId id) const;
  /// Without case; for names that have no FieldId.
  const Field* find(std::string_view name) const;
  bool has(FieldId id) const { return may_have(id) && find(id) != nullptr; }
  size_t count(FieldId id) const;
  /// The first line's value, or an empty view.
  std::string_view get(FieldId id) const;

  /// Adds a line; copies both into the arena.
  void add(std::string_view name, std::string_view value);
  void add(FieldId id, std::string_view value);
  /// Adds a line whose bytes already live as long as the head (a parser's; static text).
  void add_in_place(std::string_view name, std::string_view value, FieldId id) {
    if (size_ == capacity_) grow();
    seen_ |= bit(id);
    table_[size_++] = Field{name.data(), value.data(), static_cast<uint32_t>(value.size()),
                            static_cast<uint16_t>(name.size()), id};
  }
  /// Replaces the last line's value; there is one. The bytes live as long as the head.
  void set_last_value(std::string_view value) {
    table_[size_ - 1].value_data = value.data();
    table_[size_ - 1].value_size = static_cast<uint32_t>(value.size());
  }
  /// Replaces the first line of that name, in place, and removes the others; adds it at the end if
  /// there is none.
  void set(FieldId id, std::string_view value);
  /// As set, but a new line comes first: Host (RFC 9110, 7.2).
  void set_first(FieldId id, std::string_view value);
  void remove(FieldId id);
  void remove(std::string_view name);
  template <class Predicate>
  void remove_if(Predicate predicate) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < size_; ++i) {
      if (!predicate(static_cast<const Field&>(table_[i]))) table_[kept++] = table_[i];
    }
    size_ = kept;
  }
  void clear() { size_ = 0; }
  /// False: there was never a line of that name. Costs nothing.
  bool may_have(FieldId id) const { return (seen_ & bit(id)) != 0; }
  /// The same for a set of names: a bit for each id.
  bool may_have_any(uint64_t ids) const { return (seen_ & ids) != 0; }

 private:
  static constexpr uint64_t bit(FieldId id) { return uint64_t{1} << static_cast<unsigned>(id); }
  void grow();

  Arena& arena_;
  Field* table_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  uint64_t seen_ = 0;
};

/// What both kinds of heads share. Counted; lives in a pooled block of kBlock bytes, whose rest is
/// the arena's first part.
class Head {
 public:
  static constexpr size_t kBlock = 4096;

  Head(const Head&) = delete;
  void retain() { ++count_; }

  std::string_view copy(std::string_view bytes) { return arena_.copy(bytes); }
  Arena& arena() { return arena_; }

 private:
  Arena arena_;
  uint32_t count_ = 0;

 protected:
  Head(char* rest, size_t size) : arena_(rest, size), fields(arena_) {}
  ~Head() = default;
  bool last_release() { return --count_ == 0; }

 public:
  Fields fields;
  /// HTTP/1.`minor_version` of the message as it came: 0 or 1.
  uint8_t minor_version = 1;
};

class RequestHead final : public Head {
 public:
  static base::Ref<RequestHead> make();
  void release();

  Method method = Method::other;
  /// The method's token as it came.
  std::string_view method_token;
  /// The request target as it came, but without a name and a password (see set_raw_target): for all
  /// that shows it.
  std::string_view raw_target;
  /// A secret: what a name and a password in the target come to as the value of Authorization.
  /// Empty where there were none, or where the request had one.
  std::string_view login;
  /// Whom `login` was given for: scheme, host and port.
  std::string_view login_origin;
  /// What the target and Host say together; every stage, the connector and the log look at this
  /// one.
  Target target;
  /// What the codec found wrong with it: then the rest is what was read of it, for the log, and
  /// validate answers with this.
  std::optional<base::Error> fault;

 private:
  RequestHead(char* rest, size_t size) : Head(rest, size) {}
};

class ResponseHead final : public Head {
 public:
  static base::Ref<ResponseHead> make(int status = 200);
  void release();

  int status = 200;
  /// As it came; empty means the standard phrase.
  std::string_view reason;

 private:
  ResponseHead(char* rest, size_t size) : Head(rest, size) {}
};

/// Trailer fields (RFC 9110, 6.5). A head without a start line.
class Trailers final : public Head {
 public:
  static base::Ref<Trailers> make();
  void release();

 private:
  Trailers(char* rest, size_t size) : Head(rest, size) {}
};

/// The phrase that RFC 9110 gives a status code; "Unknown" for others.
std::string_view reason_of(int status);

}  // namespace weir::http
