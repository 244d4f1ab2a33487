// A key of the file, whatever struct its value is stored in.
#pragma once
#include <cassert>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <variant>
#include <vector>

#include "base/setting.h"

namespace weir::config {

using Kind = base::ValueKind;
using base::Taken;

/// A struct that values are stored in. Only the keys of its table know the type. Does not own it.
class Object {
 public:
  template <class S>
    requires(!std::is_same_v<S, Object>)
  explicit Object(S& object) : object_(&object), type_(&typeid(S)) {}
  template <class S>
  S& as() const {
    assert(*type_ == typeid(S));
    return *static_cast<S*>(object_);
  }

 private:
  void* object_;
  const std::type_info* type_;
};

/// A base::OwnValue together with the struct that has the value.
struct OwnSlot {
  std::function<Taken(std::string_view)> take;
  std::function<std::vector<std::string>()> texts;
  /// Empty if the value is no list.
  std::function<void()> clear;
};

/// Where a value is stored.
using Slot = std::variant<bool*, std::optional<bool>*, uint32_t*, uint64_t*, std::string*,
                          std::vector<std::string>*, std::vector<uint16_t>*,
                          std::vector<base::Endpoint>*, std::vector<base::Cidr>*, OwnSlot>;

/// Finds the slot in the struct of the key's table.
using FindSlot = std::function<Slot(Object)>;

/// A base::Setting that no longer depends on the type of its struct; the members of the same name
/// mean the same.
struct Key {
  std::string_view table;
  std::string_view name;
  Kind kind;
  uint64_t least, most;
  bool or_zero, required, needs_restart;
  std::string_view doc;
  /// Of an own value.
  std::string_view expectation;
  bool is_list;
  FindSlot slot;
  /// A second place that takes the same value; empty if there is none.
  FindSlot also = {};
};

/// True if a list is read, element by element.
template <class S>
bool takes_list(const base::Setting<S>& setting) {
  if (const auto* own = std::get_if<base::OwnValue<S>>(&setting.member)) return own->clear;
  return setting.kind == Kind::ports || setting.kind == Kind::endpoints ||
         setting.kind == Kind::networks || setting.kind == Kind::files;
}

template <class S>
Slot slot_in(S& object, const base::OwnValue<S>& own) {
  OwnSlot slot{.take = [&object, &own](std::string_view text) { return own.take(object, text); },
               .texts = [&object, &own] { return own.texts(object); },
               .clear = {}};
  if (own.clear) slot.clear = [&object, &own] { own.clear(object); };
  return slot;
}
template <class S, class T>
Slot slot_in(S& object, T S::* const& member) {
  return &(object.*member);
}

/// The key of a setting, where `find_part` finds the setting's struct in that of the table. The
/// setting must live as long as the key.
template <class S, class FindPart>
Key key_of(const base::Setting<S>& setting, FindPart find_part) {
  const auto* const own = std::get_if<base::OwnValue<S>>(&setting.member);
  return {.table = setting.table,
          .name = setting.name,
          .kind = setting.kind,
          .least = setting.least,
          .most = setting.most,
          .or_zero = setting.or_zero,
          .required = setting.required,
          .needs_restart = setting.needs_restart,
          .doc = setting.doc,
          .expectation = own ? own->expectation : std::string_view(),
          .is_list = takes_list(setting),
          .slot = [&setting, find_part](Object object) {
            S& part = find_part(object);
            return std::visit([&](const auto& member) { return slot_in(part, member); },
                              setting.member);
          }};
}

/// Adds the keys of the table's own struct.
template <class S>
void add_keys(std::vector<Key>& to, std::span<const base::Setting<S>> settings) {
  const auto itself = [](Object object) -> S& { return object.as<S>(); };
  for (const auto& setting : settings) to.push_back(key_of(setting, itself));
}
/// Adds the keys of a struct that is a member of the table's struct.
template <class S, class Whole>
void add_keys(std::vector<Key>& to, std::span<const base::Setting<S>> settings, S Whole::* part) {
  const auto find_part = [part](Object object) -> S& { return object.as<Whole>().*part; };
  for (const auto& setting : settings) to.push_back(key_of(setting, find_part));
}

}  // namespace weir::config
