#include "cli/version.h"

#include "config/reader.h"

namespace weir::cli {

namespace {

// __has_feature is how clang tells whether sanitizers are on.
#if __has_feature(address_sanitizer)
constexpr std::string_view kBuild = "with sanitizers";
#elif defined(__OPTIMIZE__)
constexpr std::string_view kBuild = "optimized";
#else
constexpr std::string_view kBuild = "not optimized";
#endif

}  // namespace

std::string version_text(std::string_view more_libraries) {
  std::string out = "weir " WEIR_VERSION "\n";
  out += "compiler: clang " __clang_version__ ", libstdc++ " + std::to_string(_GLIBCXX_RELEASE);
  out += ", " + std::string(kBuild) + '\n';
  out += "libraries: c-ares " WEIR_CARES_VERSION ", libmaxminddb " WEIR_MAXMINDDB_VERSION
         ", OpenSSL " WEIR_OPENSSL_VERSION ", " +
         config::toml_library() + ", " + std::string(more_libraries) + '\n';
  out += "features: HTTP/1.1, HTTPS, CONNECT, WebSocket, IPv6, splice\n";
  return out;
}

}  // namespace weir::cli
