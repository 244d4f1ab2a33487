// What the control socket answers, sorted into what to print where.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/shown.h"

namespace weir::cli {

/// Takes the bytes of an answer as they come (control/protocol.h), and holds none of them longer
/// than it must, except complaints.
class AnswerReader {
 public:
  /// Of a text or a complaint; a stream has no end.
  static constexpr size_t kLongestText = 1 << 20;

  /// Returns what to print on standard output now.
  std::string take(std::string_view bytes);
  /// The same, once the peer has closed.
  std::string end();

  bool is_stream() const { return kind_ == Kind::stream; }
  /// More bytes have come than a text or a complaint may have; the rest was dropped.
  bool is_too_long() const { return too_long_; }
  /// Nothing has come.
  bool is_empty() const { return kind_ == Kind::unknown && start_.empty() && complaint_.empty(); }
  /// A stream without its end mark.
  bool breaks_off() const { return kind_ == Kind::stream && !stream_ended_; }
  /// What to print on standard error. Without a complaint the answer is a good one.
  const std::string& complaint() const { return complaint_; }

 private:
  enum class Kind : uint8_t { unknown, text, stream, complaint };
  std::string sort(std::string_view bytes);
  /// The part of `bytes` for which there is room.
  std::string_view within_limit(std::string_view bytes);

  Kind kind_ = Kind::unknown;
  /// What has come while the kind is unknown.
  std::string start_;
  Shown output_, complaint_output_;
  std::string complaint_;
  /// Of a text or a complaint.
  size_t limited_bytes_ = 0;
  bool stream_ended_ = false;
  bool too_long_ = false;
};

}  // namespace weir::cli
