// The head of a message: its start line and its fields, in one arena that never moves, so that
// views into it stay valid while the head lives. Used on one worker's thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/memory.h"
#include "base/ref.h"
#include "http/field_id.h"
#include "http/field_set.h"
#include "http/method.h"
#include "http/target.h"
#include "http/version.h"

namespace weir::http {

/// Memory that only grows and is freed as a whole.
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
  /// Total bytes allocated beyond the first block: the extra cost of a large head.
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
  /// Name and value stand in memory as they are written, with ": " between them.
  bool is_as_written() const {
    const char* const gap = name_data + name_size;
    return value_data == gap + 2 && gap[0] == ':' && gap[1] == ' ';
  }
};

/// The field lines of a message in the order in which they arrived.
class Fields {
 public:
  explicit Fields(Arena& arena) : arena_(arena) {}
  Fields(const Fields&) = delete;

  std::span<const Field> all() const { return {table_, size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Field* find(FieldId id) const;
  /// Ignores case; for names that have no FieldId.
  const Field* find(std::string_view name) const;
  bool has(FieldId id) const { return may_have(id) && find(id) != nullptr; }
  size_t count(FieldId id) const;
  /// The first line's value, or an empty view.
  std::string_view get(FieldId id) const;

  /// Adds a line; copies name and value into the arena.
  void add(std::string_view name, std::string_view value);
  void add(FieldId id, std::string_view value);
  /// Adds a line without copying. Its bytes must live as long as the head (the parser's, or static
  /// text).
  void add_in_place(std::string_view name, std::string_view value, FieldId id) {
    if (size_ == capacity_) grow();
    seen_.add(id);
    table_[size_++] = Field{name.data(), value.data(), static_cast<uint32_t>(value.size()),
                            static_cast<uint16_t>(name.size()), id};
  }
  /// Replaces the value of the last line, which must exist. The bytes must live as long as the
  /// head.
  void set_last_value(std::string_view value) {
    table_[size_ - 1].value_data = value.data();
    table_[size_ - 1].value_size = static_cast<uint32_t>(value.size());
  }
  /// Replaces the value of the first line with that name, in place, and removes the other lines of
  /// that name. Adds a line at the end if there is none.
  void set(FieldId id, std::string_view value);
  /// Like set, but a new line becomes the first one: for Host (RFC 9110, 7.2).
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
  /// False: there has never been a line with that name. Costs only a bit test.
  bool may_have(FieldId id) const { return seen_.has(id); }
  /// The same for a set of names.
  bool may_have_any(FieldSet ids) const { return seen_.intersects(ids); }

 private:
  void grow();

  Arena& arena_;
  Field* table_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  FieldSet seen_;
};

/// What all kinds of heads share. Reference-counted; lives in a pooled block of kBlock bytes, the
/// rest of which is the arena's first part.
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
  /// The version in which the message came.
  Version version = Version::http_1_1;
};

class RequestHead final : public Head {
 public:
  static base::Ref<RequestHead> make();
  /// A head of one's own, to be edited: the log, another stage or a restart may still need this one
  /// as the client sent it. Without the fault, if there is one.
  base::Ref<RequestHead> clone() const;
  void release();

  Method method = Method::other;
  /// The method's token as received.
  std::string_view method_token;
  /// The request target as received, but without a name and a password (see set_raw_target).
  /// Everything that shows the target uses this.
  std::string_view raw_target;
  /// A secret: the value of Authorization made from a name and a password in the target. Empty if
  /// the target had none, or if the request had an Authorization already.
  std::string_view login;
  /// The origin that `login` was given for: scheme, host and port.
  std::string_view login_origin;
  /// The target that the request target and Host together give; every stage, the connector and the
  /// log use this one.
  Target target;
  /// What the codec found wrong with the head. If set, the other members hold only what was read
  /// until then, for the log, and validate answers with this error.
  std::optional<base::Error> fault;

 private:
  RequestHead(char* rest, size_t size) : Head(rest, size) {}
};

class ResponseHead final : public Head {
 public:
  static base::Ref<ResponseHead> make(int status = 200);
  void release();

  int status = 200;
  /// The reason phrase as received; empty means the standard phrase.
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
