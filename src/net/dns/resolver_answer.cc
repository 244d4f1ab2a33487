#include "net/dns/resolver_answer.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace weir::net {
namespace {

constexpr uint16_t kTypeA = 1, kTypeCname = 5, kTypeSoa = 6, kTypeAaaa = 28, kClassIn = 1;
constexpr uint16_t kFlagResponse = 0x8000, kOpcodes = 0x7800, kRcodes = 0x000F;
constexpr uint16_t kRcodeOk = 0, kRcodeNxDomain = 3;

/// A name as text without a trailing dot. A dot inside a label would make it equal to another name,
/// so Reader::name replaces it.
struct Name {
  std::array<char, 256> text;
  size_t size = 0;
  std::string_view view() const { return {text.data(), size}; }
};

/// Reads forward. After the first read that fails, all others fail.
class Reader {
 public:
  Reader(std::string_view message, size_t at)
      : message_(message), at_(at), ok_(at <= message.size()) {}

  bool ok() const { return ok_; }
  size_t at() const { return at_; }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return number(4); }
  void skip(size_t n) {
    if (need(n)) at_ += n;
  }
  std::string_view bytes(size_t n) {
    if (!need(n)) return {};
    at_ += n;
    return message_.substr(at_ - n, n);
  }
  /// RFC 1035, section 4.1.4. Each pointer must point further back than the last one, so that there
  /// can be no loop.
  void name(Name& out) {
    out.size = 0;
    size_t from = at_, limit = at_;
    bool jumped = false;
    for (int jumps = 0; ok_;) {
      if (from >= message_.size()) return fail();
      const auto length = static_cast<uint8_t>(message_[from]);
      if (length >= 0xC0) {
        if (from + 1 >= message_.size() || ++jumps > kMostJumps) return fail();
        const size_t target = (length & 0x3Fu) << 8 | static_cast<uint8_t>(message_[from + 1]);
        if (target >= limit) return fail();
        if (!jumped) at_ = from + 2;
        jumped = true;
        from = limit = target;
        continue;
      }
      if (length > 63 || from + 1 + length > message_.size()) return fail();
      if (length == 0) {
        if (!jumped) at_ = from + 1;
        return;
      }
      if (out.size + length + 1 > 254) return fail();
      if (out.size > 0) out.text[out.size++] = '.';
      const std::string_view label = message_.substr(from + 1, length);
      // A NUL in place of a dot makes the name differ from every host name.
      std::transform(label.begin(), label.end(),
                     out.text.begin() + static_cast<ptrdiff_t>(out.size),
                     [](char c) { return c == '.' ? '\0' : base::lower(c); });
      out.size += length;
      from += 1u + length;
    }
  }

 private:
  static constexpr int kMostJumps = 32;

  void fail() { ok_ = false; }
  bool need(size_t n) {
    if (ok_ && message_.size() - at_ < n) ok_ = false;
    return ok_;
  }
  uint32_t number(size_t size) {
    uint32_t value = 0;
    for (const char c : bytes(size)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }

  std::string_view message_;
  size_t at_;
  bool ok_;
};

struct Record {
  Name owner;
  uint16_t type = 0;
  uint32_t ttl_s = 0;
  size_t data_at = 0;
  size_t data_size = 0;
};

bool read_record(Reader& reader, Record& record) {
  reader.name(record.owner);
  record.type = reader.u16();
  if (reader.u16() != kClassIn) record.type = 0;
  record.ttl_s = reader.u32();
  // RFC 2181, section 8: a TTL with the first bit set counts as 0.
  if (record.ttl_s > INT32_MAX) record.ttl_s = 0;
  record.data_size = reader.u16();
  record.data_at = reader.at();
  reader.skip(record.data_size);
  return reader.ok();
}

base::IpAddress address_of(std::string_view data) {
  std::array<uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), data.data(), std::min(data.size(), bytes.size()));
  return data.size() == 4 ? base::IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3])
                          : base::IpAddress::v6(bytes);
}

/// Scans the answer section once for each name of the CNAME chain. False if the section is
/// malformed, or the chain is too long.
bool follow(std::string_view message, size_t answers_at, int count, std::string_view name,
            base::IpFamily family, DnsAnswer& out) {
  const uint16_t wanted = family == base::IpFamily::v4 ? kTypeA : kTypeAaaa;
  const size_t size = family == base::IpFamily::v4 ? 4 : 16;
  Name current;
  current.size = name.size();
  std::transform(name.begin(), name.end(), current.text.begin(), base::lower);
  uint32_t ttl_s = UINT32_MAX;
  std::string names;
  for (int aliases = 0; aliases <= kMostAliases; ++aliases) {
    Reader reader(message, answers_at);
    Record record;
    Name alias;
    uint32_t alias_ttl_s = UINT32_MAX;
    bool found = false;
    for (int i = 0; i < count; ++i) {
      if (!read_record(reader, record)) return false;
      if (record.owner.view() != current.view()) continue;
      if (record.type == wanted && record.data_size == size) {
        out.lookup.add(address_of(message.substr(record.data_at, size)));
        ttl_s = std::min(ttl_s, record.ttl_s);
        found = true;
      } else if (record.type == kTypeCname && alias.size == 0) {
        Reader target(message, record.data_at);
        target.name(alias);
        if (!target.ok()) return false;
        alias_ttl_s = record.ttl_s;
      }
    }
    if (found) {
      out.ttl_s = ttl_s;
      if (!names.empty()) out.lookup.aliases = base::make_ref<http::Aliases>(names);
    }
    if (found || alias.size == 0) return true;
    ttl_s = std::min(ttl_s, alias_ttl_s);
    current = alias;
    // A newline in a name would make it two; no rule has such a name.
    if (alias.view().find('\n') == std::string_view::npos)
      names.append(alias.view()).push_back('\n');
  }
  return false;
}

/// The TTL of a negative answer, from the SOA record in the authority section.
std::optional<uint32_t> negative_ttl_s(std::string_view message, size_t answers_at, int answers,
                                       int authorities) {
  Reader reader(message, answers_at);
  Record record;
  for (int i = 0; i < answers + authorities; ++i) {
    if (!read_record(reader, record)) return std::nullopt;
    if (i < answers || record.type != kTypeSoa) continue;
    Reader data(message, record.data_at);
    Name ignored;
    data.name(ignored);
    data.name(ignored);
    data.skip(16);
    const uint32_t minimum = data.u32();
    if (!data.ok()) return std::nullopt;
    return std::min(record.ttl_s, minimum);
  }
  return std::nullopt;
}

}  // namespace

void Lookup::add(const base::IpAddress& address) {
  if (count == kMostAddresses ||
      std::find(found.begin(), found.begin() + count, address) != found.begin() + count)
    return;
  found[count++] = address;
}

DnsAnswer read_dns_answer(std::string_view message, std::string_view name, base::IpFamily family) {
  DnsAnswer out;
  Reader reader(message, 0);
  reader.skip(2);
  const uint16_t flags = reader.u16(), questions = reader.u16();
  const int answers = std::min<int>(reader.u16(), kMostRecords);
  const int authorities = std::min<int>(reader.u16(), kMostRecords);
  reader.skip(2);
  Name question;
  reader.name(question);
  const uint16_t type = reader.u16(), question_class = reader.u16();
  const uint16_t rcode = flags & kRcodes;
  const bool sound =
      reader.ok() && questions == 1 && (flags & (kFlagResponse | kOpcodes)) == kFlagResponse &&
      question_class == kClassIn && type == (family == base::IpFamily::v4 ? kTypeA : kTypeAaaa) &&
      name.size() <= 253 && base::equal_ignoring_case(question.view(), name) &&
      (rcode == kRcodeOk || rcode == kRcodeNxDomain);
  if (!sound) return out;
  if (rcode == kRcodeOk && !follow(message, reader.at(), answers, name, family, out)) {
    out = DnsAnswer();
    return out;
  }
  if (out.lookup.count > 0) {
    out.lookup.outcome = Lookup::Outcome::ok;
    return out;
  }
  out.lookup.outcome = rcode == kRcodeOk ? Lookup::Outcome::no_data : Lookup::Outcome::not_found;
  out.ttl_s = negative_ttl_s(message, reader.at(), answers, authorities);
  return out;
}

}  // namespace weir::net
