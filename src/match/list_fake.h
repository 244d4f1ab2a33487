// Helpers for tests of lists.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "match/list_reader.h"

namespace weir::match {

/// Writes down what it is given: `1 =a.test`, `2 *.b.test`, `3 c.test`, `4 192.0.2.0/24`,
/// `5 http+https host:port/path*`.
class NotedEntries : public ListSink {
 public:
  bool add_domain(std::string_view name, DomainKind kind, uint32_t line) override {
    const char* before = kind == DomainKind::itself ? "=" : kind == DomainKind::below ? "*." : "";
    return note(line, before + std::string(name));
  }
  bool add_network(const base::Cidr& network, uint32_t line) override {
    return note(line, network.text());
  }
  bool add_url(const UrlPrefix& url, uint32_t line) override { return note(line, text_of(url)); }
  static std::string text_of(const UrlPrefix& url) {
    std::string text = url.http && url.https ? "both " : url.http ? "http " : "https ";
    text += url.literal ? '[' + url.host + ']' : url.host;
    if (url.port) text += ':' + std::to_string(*url.port);
    return text + url.path + (url.star ? "*" : "");
  }

  std::vector<std::string> all;
  size_t most = SIZE_MAX;

 private:
  bool note(uint32_t line, const std::string& text) {
    if (all.size() >= most) return false;
    all.push_back(std::to_string(line) + ' ' + text);
    return true;
  }
};

}  // namespace weir::match
