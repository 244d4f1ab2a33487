// Kinds of values that several keys of rules have.
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/setting.h"

namespace weir::policy {

/// What an element of a list of words becomes; the error says what is wrong with it.
using Word = std::expected<std::string, std::string>;

/// A list of words, each of which `word` checks and brings into the form that is compared.
template <class S, std::vector<std::string> S::* member, Word (*word)(std::string_view)>
constexpr base::OwnValue<S> words(std::string_view expectation) {
  return {.expectation = expectation,
          .take = [](S& object, std::string_view text) -> base::Taken {
            auto made = word(text);
            if (!made) return std::unexpected(std::move(made).error());
            (object.*member).push_back(*std::move(made));
            return {};
          },
          .texts = [](const S& object) { return object.*member; },
          .clear = [](S& object) { (object.*member).clear(); }};
}

/// A list of what T::parse() reads.
template <class S, class T, std::vector<T> S::* member>
constexpr base::OwnValue<S> patterns(std::string_view expectation) {
  return {.expectation = expectation,
          .take = [](S& object, std::string_view text) -> base::Taken {
            auto made = T::parse(text);
            if (!made) return std::unexpected(std::string(made.error().detail()));
            (object.*member).push_back(*std::move(made));
            return {};
          },
          .texts =
              [](const S& object) {
                return base::texts_of(object.*member,
                                      [](const T& each) { return std::string(each.text()); });
              },
          .clear = [](S& object) { (object.*member).clear(); }};
}

/// A text; empty: there is none.
template <class S, std::string S::* member>
constexpr base::OwnValue<S> text_value(std::string_view expectation) {
  return {.expectation = expectation,
          .take = [](S& object, std::string_view text) -> base::Taken {
            object.*member = text;
            return {};
          },
          .texts = [](const S& object) { return std::vector{object.*member}; }};
}

inline Word any_word(std::string_view text) {
  if (text.empty()) return std::unexpected("it is empty");
  return std::string(text);
}

}  // namespace weir::policy
