#include "stages/own/authority_page.h"

#include <algorithm>

#include "base/text.h"
#include "http/own_pages.h"

namespace weir::own {
namespace {

std::string_view meaning_of(http::Aside aside) {
  switch (aside) {
    case http::Aside::none: return "the owner's rules do not ask for it";
    case http::Aside::rejected: return "this program does not accept the certificate for it";
    case http::Aside::no_authority: return "this program does not trust the authority below";
    case http::Aside::client_certificate: return "the site asks for a certificate of yours";
    case http::Aside::no_protocol: return "this program, the site and Weir share no protocol";
    case http::Aside::not_http: return "what is inside is not HTTP";
    case http::Aside::bad_origin: return "nobody can verify the site, so this program judges";
  }
  return {};
}

/// What may be forgotten, and how.
bool is_the_programs_word(const LastTunnel& last) {
  return last.tls == http::TlsInside::rejected || last.aside == http::Aside::rejected ||
         last.aside == http::Aside::no_authority;
}

std::string last_sentence(const LastTunnel& last) {
  const std::string to = "Your last HTTPS connection, to " + last.host + ", was ";
  switch (last.tls) {
    case http::TlsInside::none: return "No HTTPS connection of yours is known.";
    case http::TlsInside::opened: return to + "opened by Weir.";
    case http::TlsInside::rejected:
      return to + "ended by your program, which did not accept Weir's certificate.";
    case http::TlsInside::tunnelled:
      return to + "relayed unread: " + std::string(meaning_of(last.aside)) + '.';
  }
  return {};
}

http::Response file(std::string_view type, std::string_view name, const std::string& content) {
  http::Response response = http::text_response(200, type, content);
  response.head->fields.add("Content-Disposition",
                            "attachment; filename=\"" + std::string(name) + '"');
  return response;
}

/// Long lines break between two bytes.
std::string breakable(std::string_view fingerprint) {
  std::string html;
  for (const char c : fingerprint) {
    html += c;
    if (c == ':') html += "<wbr>";
  }
  return html;
}

/// What this page shows by having come, then what is known of the program's last connection.
std::string sentences(const LastTunnel& last, const Came& came) {
  std::string text;
  if (came.by_https) text = "This page came by HTTPS: this program trusts Weir's authority.";
  const bool says_more = last.tls != http::TlsInside::none && last.tls != http::TlsInside::rejected;
  if (came.by_https && !says_more) return text;
  if (!text.empty()) text += ' ';
  text += last_sentence(last);
  if (is_the_programs_word(last) && !came.by_https)
    text += " Once the authority is installed, open https://" + std::string(came.own_name) +
            "/ in the same program: what it did not accept before is then forgotten.";
  return text;
}

}  // namespace

std::string authority_html(const std::vector<Authority>& authorities, const LastTunnel& last,
                           const Came& came) {
  if (authorities.empty())
    return "<h2>HTTPS</h2>\n<p>Nothing is opened here: what an HTTPS connection carries passes "
           "unread.</p>\n";
  std::string html = "<h2>HTTPS</h2>\n<p>" + base::escape_html(sentences(last, came)) +
                     "</p>\n<p>Weir can open HTTPS, where its owner asks for it, for programs that "
                     "trust its authority. Compare the fingerprint with what its owner tells you, "
                     "then install the file: <a href=\"" +
                     std::string(http::kAuthorityPem) + "\">PEM</a>";
  for (const Authority& each : authorities)
    html += std::string(", <a href=\"") +
            std::string(each.next ? http::kNextAuthorityDer : http::kAuthorityDer) + "\">" +
            (each.next ? "DER of the next one" : "DER") + "</a>";
  html += ".</p>\n<dl>\n";
  for (const Authority& each : authorities)
    html += "<dt>" + base::escape_html(each.name) + (each.next ? " (signs later)" : "") +
            "</dt><dd>valid until " + each.until + "<br>SHA-256 <code>" +
            breakable(each.fingerprint) + "</code></dd>\n";
  return html + "</dl>\n";
}

std::string authority_text(const std::vector<Authority>& authorities, const LastTunnel& last,
                           const Came& came) {
  if (authorities.empty()) return "https: nothing is opened here\n";
  std::string text = "https: " + sentences(last, came) + '\n';
  for (const Authority& each : authorities)
    text += "authority: " + each.name + (each.next ? " (signs later)" : "") + ", valid until " +
            each.until + ", SHA-256 " + each.fingerprint + '\n';
  return text + "authority's file: http://" + std::string(came.own_name) +
         std::string(http::kAuthorityPem) + '\n';
}

std::optional<http::Response> authority_file(const std::vector<Authority>& authorities,
                                             std::string_view path) {
  if (authorities.empty()) return std::nullopt;
  if (path == http::kAuthorityPem) {
    std::string all;
    for (const Authority& each : authorities) all += each.pem;
    return file("application/x-pem-file", "weir-ca.pem", all);
  }
  const bool next = path == http::kNextAuthorityDer;
  if (!next && path != http::kAuthorityDer) return std::nullopt;
  const auto found = std::ranges::find(authorities, next, &Authority::next);
  if (found == authorities.end()) return std::nullopt;
  return file("application/x-x509-ca-cert", path.substr(1), found->der);
}

}  // namespace weir::own
