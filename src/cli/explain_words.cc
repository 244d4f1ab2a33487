#include "cli/explain_words.h"

#include "base/text.h"
#include "base/units.h"
#include "cli/control_place.h"
#include "config/mistake.h"

namespace weir::cli {
namespace {

std::optional<uint64_t> bytes_of(const std::string& text) {
  const auto number = base::parse_decimal<uint64_t>(text);
  return number ? number : base::parse_size(text);
}

}  // namespace

ExplainWords::ExplainWords(CLI::App& app) : word_(app.add_subcommand("explain")) {
  explain::Asked& asked = command_.asked;
  word_->set_help_flag();
  word_->add_option("URL", asked.url);
  word_->add_option("--client", asked.client);
  word_->add_option("--user", asked.user);
  word_->add_option("--listener", asked.listener);
  word_->add_option("--type", asked.type);
  word_->add_option("--from", asked.from);
  word_->add_option("--method", asked.method);
  word_->add_option("--at", asked.at);
  word_->add_option("--address", asked.addresses)->allow_extra_args(false);
  word_->add_option("--alias", asked.aliases)->allow_extra_args(false);
  word_->add_option("--content-type", content_type_);
  word_->add_option("--size", size_);
  word_->add_flag("--resolve", command_.resolve);
  word_->add_flag("--json", json_);
  word_->add_option("--requests", command_.requests);
  word_->add_option("--config", command_.config);
  word_->add_option("--control", command_.control);
  word_->add_option("--port", port_);
}

std::expected<ExplainCommand, std::string> ExplainWords::command() const {
  ExplainCommand command = command_;
  explain::Asked& asked = command.asked;
  if (word_->count("--content-type") > 0) asked.content_type = content_type_;
  if (!size_.empty()) {
    asked.size = bytes_of(size_);
    if (!asked.size)
      return std::unexpected("--size is a size such as 500MiB, not " + config::in_quotes(size_));
  }
  if (word_->count("--requests") > 0) {
    if (asked != explain::Asked())
      return std::unexpected("beside --requests nothing else is asked");
    if (command.requests.empty()) return std::unexpected("--requests needs the name of a file");
  } else if (asked.url.empty()) {
    return std::unexpected("`explain` needs a URL, or --requests FILE");
  }
  if (command.resolve && !asked.addresses.empty())
    return std::unexpected("--resolve or --address, not both");
  if (json_) command.form = explain::Form::json;
  if (word_->count("--config") > 0) {
    if (command.config.empty()) return std::unexpected("--config needs the name of a file");
    if (word_->count("--control") + word_->count("--port") > 0)
      return std::unexpected("--config asks the rules of a file, and no running Weir");
    return command;
  }
  auto place = control_place({.control = command.control, .port = port_});
  if (!place) return std::unexpected(std::move(place).error());
  command.control = *std::move(place);
  return command;
}

}  // namespace weir::cli
