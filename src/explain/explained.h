// A question that was understood, with what came of it.
#pragma once
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "explain/asked.h"
#include "explain/world.h"
#include "http/head.h"
#include "policy/explain.h"

namespace weir::explain {

/// Views are into `head` and the strings; the explanation's pointers are into the world's rules,
/// which this shares.
struct Explained {
  Explained() = default;
  Explained(const Explained&) = delete;

  std::shared_ptr<const policy::RuleSet> rules;
  /// NAME of the list that decided; empty: none did, or its name is not known.
  std::string list;
  /// The request, as Weir would have read it.
  base::Ref<http::RequestHead> head;
  std::string path, other_path;
  std::string user;
  base::IpAddress client;
  Listener listener;
  /// The names of `[[client]]` that the client has, and its groups.
  std::vector<std::string> clients, groups;
  policy::LocalTime now;
  std::optional<policy::ContentKind> kind;
  std::vector<std::string> aliases;
  /// The host of the page that the request comes from; empty: none was named.
  std::string page;
  std::string content_type;
  /// The URL is https, so the client asks for it by CONNECT.
  bool https = false;
  /// Of a CONNECT that may pass.
  http::Opening opening = {};
  /// Where the CONNECT is opened, the request inside, if it was asked about; else what the client
  /// sends to Weir.
  policy::Question question;
  policy::Explanation explanation;
  /// What else whoever asked should know: sentences.
  std::vector<std::string> notes;
};

/// The error is a text for a person: what of the question is not understood.
std::expected<std::unique_ptr<const Explained>, std::string> explain(const World& world,
                                                                     const Asked& asked);

/// The name in a URL that has to be looked up before its addresses are known; empty: it has none.
/// The error is a text for a person.
std::expected<std::string, std::string> name_to_look_up(std::string_view url);

}  // namespace weir::explain
