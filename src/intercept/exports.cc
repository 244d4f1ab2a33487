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

struct Bags {
  struct stack_st_PKCS12_SAFEBAG* all = nullptr;
  ~Bags() { sk_PKCS12_SAFEBAG_pop_free(all, PKCS12_SAFEBAG_free); }
};

struct Safes {
  struct stack_st_PKCS7* all = nullptr;
  ~Safes() { sk_PKCS7_pop_free(all, PKCS7_free); }
};

struct FreeFile {
  void operator()(PKCS12* file) const { PKCS12_free(file); }
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

/// Adds one certificate to the bags of a PKCS #12 file, by its name.
bool add_bag(struct stack_st_PKCS12_SAFEBAG** bags, const Listed& each) {
  PKCS12_SAFEBAG* const bag = PKCS12_add_cert(bags, each.certificate.get());
  // Java takes none for an authority that lacks this attribute (its JEP 229), which lists what the
  // certificate is trusted for.
  const auto* const anything = OBJ_nid2obj(NID_anyExtendedKeyUsage);
  return bag && PKCS12_add_friendlyname_utf8(bag, each.name.c_str(), -1) == 1 &&
         PKCS12_add1_attr_by_txt(bag, "2.16.840.1.113894.746875.1.1", V_ASN1_OBJECT,
                                 reinterpret_cast<const unsigned char*>(anything), -1) == 1;
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
  Bags bags;
  for (const Listed& each : generations)
    if (!add_bag(&bags.all, each)) return {};
  Safes safes;
  // -1: nothing in it is secret, so nothing is encrypted.
  if (PKCS12_add_safe(&safes.all, bags.all, -1, 0, nullptr) != 1) return {};
  const std::unique_ptr<PKCS12, FreeFile> made(PKCS12_add_safes(safes.all, 0));
  // SHA-1: older Windows and macOS know no other here. It protects nothing, since the password is
  // empty.
  if (!made || PKCS12_set_mac(made.get(), "", 0, nullptr, 0, PKCS12_DEFAULT_ITER, EVP_sha1()) != 1)
    return {};
  const net::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || i2d_PKCS12_bio(bio.get(), made.get()) != 1) return {};
  return net::text_in(bio.get());
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

std::expected<std::string, std::string> as_bundle(const std::vector<Listed>& generations,
                                                  const std::vector<std::string>& roots) {
  std::string bundle;
  std::vector<std::string> paths{net::kSystemRoots};
  paths.insert(paths.end(), roots.begin(), roots.end());
  for (const std::string& path : paths) {
    std::string why;
    const auto text = base::read_whole_file(path, kLargestBundle, why);
    if (!text)
      return std::unexpected(path + " can't be read: " + (why.empty() ? "it is not there" : why));
    bundle += *text;
    if (!bundle.empty() && !bundle.ends_with('\n')) bundle += '\n';
  }
  return bundle + as_pem(generations);
}

}  // namespace weir::intercept
