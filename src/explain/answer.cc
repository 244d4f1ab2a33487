#include "explain/answer.h"

#include <utility>

#include "explain/explained.h"

namespace weir::explain {
namespace {

using policy::Conclusion;

constexpr std::string_view kExpected = "expected", kUnexpected = "unexpected";

}  // namespace

std::string_view name_of(Form form) {
  return form == Form::json ? "json" : "text";
}

std::optional<Form> form_named(std::string_view name) {
  for (const Form each : {Form::text, Form::json}) {
    if (name == name_of(each)) return each;
  }
  return std::nullopt;
}

std::expected<Answer, std::string> answer(const World& world, const Asked& asked, Form form) {
  const auto explained = explain(world, asked);
  if (!explained) return std::unexpected(explained.error());
  return Answer{
      .conclusion = (*explained)->explanation.conclusion,
      .as_expected = is_as(**explained, asked.expect),
      .text = form == Form::json ? json_of(**explained, asked.expect) : text_of(**explained)};
}

std::string sent(const Answer& answer) {
  return std::string(name_of(answer.conclusion)) + ' ' +
         std::string(answer.as_expected ? kExpected : kUnexpected) + '\n' + answer.text;
}

std::optional<Answer> parse_sent(std::string_view text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, end);
  for (const Conclusion conclusion : {Conclusion::allow, Conclusion::deny, Conclusion::depends}) {
    for (const bool as_expected : {true, false}) {
      const Answer made{conclusion, as_expected, {}};
      if (sent(made) != std::string(first) + '\n') continue;
      return Answer{conclusion, as_expected, std::string(text.substr(end + 1))};
    }
  }
  return std::nullopt;
}

}  // namespace weir::explain
