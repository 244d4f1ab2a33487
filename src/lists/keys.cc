#include "lists/keys.h"

#include "lists/url.h"
#include "policy/own_values.h"

namespace weir::lists {
namespace {

using Kind = base::ValueKind;
using Own = base::OwnValue<ListConfig>;

policy::Word file_path(std::string_view text) {
  if (text.empty()) return std::unexpected("it is empty");
  if (text.find('\0') != std::string_view::npos) return std::unexpected("it has a NUL in it");
  return std::string(text);
}

policy::Word url(std::string_view text) {
  if (auto fault = fault_in_url(text)) return std::unexpected(*std::move(fault));
  return std::string(text);
}

policy::Word line(std::string_view text) {
  if (text.find_first_of("\r\n") != std::string_view::npos)
    return std::unexpected("it is more than one line");
  return std::string(text);
}

constexpr Own kPaths = policy::words<ListConfig, &ListConfig::paths, file_path>(
    "a list of files such as [\"ads.txt\", \"/etc/weir/hosts\"]");
constexpr Own kUrls = policy::words<ListConfig, &ListConfig::urls, url>(
    "a list of URLs such as [\"http://lists.example/ads.txt\"]");
constexpr Own kRules = policy::words<ListConfig, &ListConfig::rules, line>(
    "a list of lines such as [\"example.com\", \"192.0.2.0/24\", \"example.org/ads/\"]");
constexpr Own kCategory =
    policy::text_value<ListConfig, &ListConfig::category>("a word such as \"ads\"");

constexpr base::Setting<ListConfig> kKeys[] = {
    {.table = "lists",
     .name = "paths",
     .kind = Kind::own,
     .member = kPaths,
     .doc = "Files of the list. A relative path counts from the folder of the file that has it. "
            "Each line shows what it is, see lists.md: a hosts file, names, wildcards, dnsmasq, a "
            "response policy zone, networks, URLs. A reload reads those again that have changed."},
    {.table = "lists",
     .name = "urls",
     .kind = Kind::own,
     .member = kUrls,
     .doc =
         "Where more of the list is fetched from, while Weir runs and by its own policy. The last "
         "good copy is kept in `state_dir`."},
    {.table = "lists",
     .name = "refresh",
     .kind = Kind::duration,
     .member = &ListConfig::refresh_ms,
     .least = base::kMinute,
     .most = 365 * base::kDay,
     .doc = "How often the URLs are asked whether they have changed; up to a tenth is added by "
            "chance."},
    {.table = "lists",
     .name = "trusted",
     .kind = Kind::flag,
     .member = &ListConfig::trusted,
     .doc = "Whether the list's authors may do more than deny, where its form can say so. A list "
            "that comes over http can't be trusted."},
    {.table = "lists",
     .name = "rules",
     .kind = Kind::own,
     .member = kRules,
     .doc = "Lines of your own, in any of these forms."},
    {.table = "lists",
     .name = "category",
     .kind = Kind::own,
     .member = kCategory,
     .doc = "What rules may call this list and others together, in `what.category`."},
};

}  // namespace

std::span<const base::Setting<ListConfig>> keys() {
  return kKeys;
}

}  // namespace weir::lists
