// `weir explain`: asks a running Weir, or the rules of a file, why a request would be allowed.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "explain/answer.h"
#include "explain/asked.h"

namespace weir::cli {

struct Command;

struct ExplainCommand {
  explain::Asked asked;
  /// A file of questions, one JSON object a line; empty: `asked` is the question.
  std::string requests;
  /// The configuration whose rules are asked; empty: those of the Weir at `control`.
  std::string config;
  std::string control;
  /// Has this machine look up where the names lead.
  bool resolve = false;
  explain::Form form = explain::Form::text;
};

/// Prints the answer. The status is 0 if it is allow, 1 if it is deny, 3 if it depends; for a file
/// of questions 0, or 1 if an answer is not as the file expects. It is 2 if there is no answer, and
/// the complaint says why.
Command explain_to(const ExplainCommand& command,
                   const std::function<bool(std::string_view)>& print);

}  // namespace weir::cli
