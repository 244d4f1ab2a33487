// Sets of the fields that have an id: which fields a message has had, or which ones a rule is for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "http/field_id.h"

namespace weir::http {

/// One bit for each id, in two words. The compiler leaves a constant set's second word out where
/// that is empty, so the fields that Weir asks about in every message have ids below 64.
class FieldSet {
 public:
  static constexpr size_t kCapacity = 128;

  constexpr FieldSet() = default;
  constexpr FieldSet(std::initializer_list<FieldId> ids) {
    for (const FieldId id : ids) add(id);
  }

  constexpr void add(FieldId id) { words_[word_of(id)] |= bit_of(id); }
  constexpr void unite(FieldSet other) {
    words_[0] |= other.words_[0];
    words_[1] |= other.words_[1];
  }

  constexpr bool has(FieldId id) const {
    // Saves the look into a table, which a constant set would otherwise become.
    if (__builtin_constant_p(words_[1] == 0) && words_[1] == 0)
      return word_of(id) == 0 && (words_[0] & bit_of(id)) != 0;
    return (words_[word_of(id)] & bit_of(id)) != 0;
  }
  constexpr bool intersects(FieldSet other) const {
    return ((words_[0] & other.words_[0]) | (words_[1] & other.words_[1])) != 0;
  }
  constexpr bool contains(FieldSet other) const {
    return ((other.words_[0] & ~words_[0]) | (other.words_[1] & ~words_[1])) == 0;
  }

 private:
  static constexpr size_t word_of(FieldId id) { return static_cast<size_t>(id) / 64; }
  static constexpr uint64_t bit_of(FieldId id) {
    return uint64_t{1} << (static_cast<size_t>(id) % 64);
  }

  uint64_t words_[kCapacity / 64] = {};
};

}  // namespace weir::http
