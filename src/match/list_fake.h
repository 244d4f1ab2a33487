// Helpers for tests of lists.
#pragma once
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "match/domain_set_fake.h"
#include "match/list_builder.h"
#include "match/list_image.h"
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

/// What `write` gives to a writer, without the trailer.
template <class Write>
std::vector<std::byte> bytes_by(Write write) {
  std::vector<std::byte> bytes;
  const ImageSink sink = [&bytes](std::span<const std::byte> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return base::Result<void>();
  };
  ImageWriter to(sink);
  write(to);
  EXPECT_TRUE(to.finish());
  bytes.resize(bytes.size() - sizeof(DomainSetTrailer));
  bytes.shrink_to_fit();
  return bytes;
}

/// A list that is made from texts, each of which is a source. Its image is exactly as long as its
/// memory.
class MadeList {
 public:
  explicit MadeList(const std::vector<std::string>& texts, const ListDigests& digests = {}) {
    ListBuilder builder(kTestKey);
    for (size_t i = 0; i < texts.size(); ++i) {
      builder.begin_source("source " + std::to_string(i));
      ListReader reader(builder);
      reader.feed(texts[i]);
      auto report = std::move(reader).finish();
      EXPECT_TRUE(report) << report.error().detail();
      EXPECT_TRUE(builder.end_source(*std::move(report)));
    }
    EXPECT_TRUE(std::move(builder).write(digests, [this](std::span<const std::byte> bytes) {
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
      return base::Result<void>();
    }));
    bytes_.shrink_to_fit();
    auto image = ListImage::over(bytes_);
    EXPECT_TRUE(image);
    if (image) image_ = *std::move(image);
  }

  const ListImage& operator*() const { return *image_; }
  const ListImage* operator->() const { return image_.get(); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
  std::unique_ptr<const ListImage> image_;
};

}  // namespace weir::match
