#include "intercept/exports.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "base/whole_file.h"
#include "net/tls/pem_text.h"
#include "net/tls/trust_store.h"

namespace weir::intercept {
namespace {

constexpr size_t kLargestBundle = size_t{16} * 1024 * 1024;

struct FreeCertificates {
  void operator()(STACK_OF(X509) * all) const { sk_X509_free(all); }
};

std::string base64_of(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

/// A UUID (RFC 9562, 5.8) that is always the same for the same text.
std::string uuid_of(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0f) | 0x80);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3f) | 0x80);
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string uuid;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
    uuid += kHex[digest[i] >> 4];
    uuid += kHex[digest[i] & 15];
  }
  return uuid;
}

std::string payload(const Listed& each) {
  const std::string id = uuid_of(each.fingerprint);
  return "    <dict>\n      <key>PayloadType</key><string>com.apple.security.root</string>\n"
         "      <key>PayloadVersion</key><integer>1</integer>\n"
         "      <key>PayloadIdentifier</key><string>weir.authority." +
         id +
         "</string>\n"
         "      <key>PayloadUUID</key><string>" +
         id +
         "</string>\n"
         "      <key>PayloadDisplayName</key><string>" +
         base::escape_html(each.name) +
         "</string>\n      <key>PayloadCertificateFileName</key><string>weir-ca-" +
         std::to_string(each.number) + ".crt</string>\n      <key>PayloadContent</key><data>" +
         base64_of(net::der_of(each.certificate.get())) + "</data>\n    </dict>\n";
}

}  // namespace

std::string as_pem(const std::vector<Listed>& generations) {
  std::string text;
  for (const Listed& each : generations)
    text +=
        "# " + each.name + ", valid until " + each.to + '\n' + net::pem_of(each.certificate.get());
  return text;
}

std::string as_p12(const std::vector<Listed>& generations) {
  const std::unique_ptr<STACK_OF(X509), FreeCertificates> all(sk_X509_new_null());
  for (const Listed& each : generations)
    if (!all || sk_X509_push(all.get(), each.certificate.get()) == 0) return {};
  // -1: nothing in it is secret, so nothing is encrypted.
  PKCS12* const made = PKCS12_create("", nullptr, nullptr, nullptr, all.get(), -1, -1, 0, 0, 0);
  if (!made) return {};
  std::string der;
  const net::BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio && i2d_PKCS12_bio(bio.get(), made) == 1) der = net::text_in(bio.get());
  PKCS12_free(made);
  return der;
}

std::string as_mobileconfig(const std::vector<Listed>& generations) {
  std::string payloads, fingerprints, names;
  for (const Listed& each : generations) {
    payloads += payload(each);
    fingerprints += each.fingerprint;
    names += (names.empty() ? "" : ", ") + base::escape_html(each.name);
  }
  const std::string id = uuid_of("profile " + fingerprints);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
         "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
         "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n"
         "  <key>PayloadType</key><string>Configuration</string>\n"
         "  <key>PayloadVersion</key><integer>1</integer>\n"
         "  <key>PayloadIdentifier</key><string>weir.authority</string>\n"
         "  <key>PayloadUUID</key><string>" +
         id +
         "</string>\n"
         "  <key>PayloadDisplayName</key><string>" +
         names +
         "</string>\n"
         "  <key>PayloadDescription</key><string>Lets the proxy Weir open HTTPS. Afterwards switch "
         "it on in Settings, General, About, Certificate Trust Settings.</string>\n"
         "  <key>PayloadContent</key>\n  <array>\n" +
         payloads + "  </array>\n</dict>\n</plist>\n";
}

std::expected<std::string, std::string> as_bundle(const std::vector<Listed>& generations) {
  std::string why;
  const std::string path(net::kSystemRoots);
  auto system = base::read_whole_file(path, kLargestBundle, why);
  if (!system)
    return std::unexpected(path + " can't be read: " + (why.empty() ? "it is not there" : why));
  if (!system->empty() && !system->ends_with('\n')) *system += '\n';
  return *system + as_pem(generations);
}

}  // namespace weir::intercept
