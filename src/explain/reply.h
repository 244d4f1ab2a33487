// What whoever asked is told.
#pragma once
#include <string>
#include <string_view>

#include "explain/explained.h"

namespace weir::explain {

/// `allow`, `deny`, `depends`.
std::string_view name_of(policy::Conclusion conclusion);

/// What the client would get.
struct ClientGets {
  /// 0: it is not Weir that answers, or it depends.
  int status = 0;
  std::string words;
};
ClientGets client_gets(const Explained& explained);

/// The rule that decides: its name, `policy.default`, or a built-in guard's; empty: none applies.
std::string rule_of(const Explained& explained);

/// For a person: several lines.
std::string text_of(const Explained& explained);
/// One line, without its end. With `expected` that is not empty, it says whether it is so.
std::string json_of(const Explained& explained, const Expected& expected = {});
/// One line about a question that was not understood.
std::string json_of_failure(std::string_view why);
/// Whether the answer is as `expected`.
bool is_as(const Explained& explained, const Expected& expected);

}  // namespace weir::explain
