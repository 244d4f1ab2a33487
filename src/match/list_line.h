// The forms of a list's lines that are understood without the lines before them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "match/list_entry.h"

namespace weir::match {

enum class ListOrigin : uint8_t {
  /// Somebody may have written it who means less by a name than the rules here. A name without a
  /// dot, such as `com`, is taken only where its line says what it stands for: `.com`, `=lan`.
  file,
  /// The owner's own lines in the configuration.
  own,
};

/// What is left of a line without comment and surrounding blanks. A comment begins with `#`, `!` or
/// `;` at the line's beginning, with `#` or `;` after a blank, or with a `#` that the ad-block
/// syntax has no meaning for.
std::string_view without_comment(std::string_view line);

/// The next word of `text`, which is removed from it. Empty if there is none.
std::string_view take_word(std::string_view& text);

/// Gives a sink what lines say, and counts it.
class LineReader {
 public:
  /// Both outlive this.
  LineReader(ListSink& sink, ListReport& report, ListOrigin origin)
      : sink_(sink), report_(report), origin_(origin) {}

  /// `line` is not empty and has no comment.
  ListFault read(std::string_view line, uint32_t number);
  /// Adds a domain, in any case and with or without its final dot, if it is one.
  ListFault add_domain(std::string_view name, DomainKind kind, ListForm form, uint32_t number);
  /// The sink had no room for an entry.
  bool full() const { return full_; }

 private:
  ListFault hosts(std::string_view address, std::string_view names, uint32_t number);
  ListFault dnsmasq(std::string_view names, bool is_server, uint32_t number);
  ListFault filter(std::string_view line, uint32_t number);
  ListFault one_word(std::string_view word, uint32_t number);
  ListFault network(const base::Cidr& network, uint32_t number);
  ListFault url(std::string_view word, uint32_t number);
  void note(ListForm form, bool added);

  ListSink& sink_;
  ListReport& report_;
  const ListOrigin origin_;
  bool full_ = false;
  std::string name_;  // Kept for its memory.
};

/// True for the addresses under which lists put names: this machine's, and none at all.
bool leads_nowhere(std::string_view address);

}  // namespace weir::match
