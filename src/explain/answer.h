// A question and its answer as they go over the control socket.
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "explain/asked.h"
#include "explain/reply.h"
#include "explain/world.h"

namespace weir::explain {

enum class Form : uint8_t { text, json };
/// `text`, `json`.
std::string_view name_of(Form form);
std::optional<Form> form_named(std::string_view name);

struct Answer {
  policy::Conclusion conclusion = policy::Conclusion::allow;
  /// False: the question says what it expects, and this is something else.
  bool as_expected = true;
  /// Of Form::json one line, without its end; of Form::text several.
  std::string text;
};

/// The error is a text for a person: what of the question is not understood.
std::expected<Answer, std::string> answer(const World& world, const Asked& asked, Form form);

/// `deny expected` on a line of its own, then the text.
std::string sent(const Answer& answer);
/// Nothing if it is not what sent() makes.
std::optional<Answer> parse_sent(std::string_view text);

}  // namespace weir::explain
