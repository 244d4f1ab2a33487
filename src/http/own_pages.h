// Which of Weir's own pages are for everybody whom a listener's `clients` lets in.
#pragma once
#include <algorithm>
#include <iterator>
#include <string_view>

#include "http/head.h"

namespace weir::http {

/// The style sheet of all own pages.
inline constexpr std::string_view kStylePath = "/style.css";

/// The authority's certificates: all that sign or will in PEM; the one that signs, and the one that
/// is prepared, in DER.
inline constexpr std::string_view kAuthorityPem = "/weir-ca.pem", kAuthorityDer = "/weir-ca.crt",
                                  kNextAuthorityDer = "/weir-ca-next.crt";

/// Paths of own pages that need no login, as they show nothing of a user and do nothing; the
/// authority's files, which clients fetch before they can log in, among them. The PAC file belongs
/// here too.
inline constexpr std::string_view kPathsWithoutLogin[] = {"/", kStylePath, kAuthorityPem,
                                                          kAuthorityDer, kNextAuthorityDer};

/// The path of the page, without a query. Valid as long as the head.
inline std::string_view page_path(const RequestHead& head) {
  return head.target.path.substr(0, head.target.path.find('?'));
}

/// `head` is a request that Weir itself answers (OwnNames). What is inside a CONNECT is not known
/// yet, so it needs a login.
inline bool needs_no_login(const RequestHead& head) {
  return (head.method == Method::get || head.method == Method::head) &&
         std::ranges::find(kPathsWithoutLogin, page_path(head)) != std::end(kPathsWithoutLogin);
}

}  // namespace weir::http
