#include "cli/answer_reader.h"

#include <algorithm>
#include <utility>

#include "control/protocol.h"

namespace weir::cli {
namespace {

using control::kStreamFollows, control::kTextFollows;

bool may_become(std::string_view start, std::string_view whole) {
  return start.size() < whole.size() && whole.starts_with(start);
}

}  // namespace

std::string AnswerReader::take(std::string_view bytes) {
  if (kind_ != Kind::unknown) return sort(bytes);
  start_ += bytes;
  if (may_become(start_, kTextFollows) || may_become(start_, kStreamFollows)) return {};
  const std::string start = std::exchange(start_, {});
  std::string_view rest = start;
  if (rest.starts_with(kTextFollows)) {
    kind_ = Kind::text;
    rest.remove_prefix(kTextFollows.size());
  } else if (rest.starts_with(kStreamFollows)) {
    kind_ = Kind::stream;
    rest.remove_prefix(kStreamFollows.size());
  } else {
    kind_ = Kind::complaint;
  }
  return sort(rest);
}

std::string AnswerReader::sort(std::string_view bytes) {
  if (kind_ == Kind::text) return output_.add(within_limit(bytes));
  std::string out;
  if (kind_ == Kind::stream && !stream_ended_) {
    const size_t end = std::min(bytes.find(control::kStreamEnd), bytes.size());
    out = output_.add(bytes.substr(0, end));
    stream_ended_ = end < bytes.size();
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  complaint_ += complaint_output_.add(within_limit(bytes));
  return out;
}

std::string_view AnswerReader::within_limit(std::string_view bytes) {
  const std::string_view taken = bytes.substr(0, kLongestText - limited_bytes_);
  limited_bytes_ += taken.size();
  too_long_ |= taken.size() < bytes.size();
  return taken;
}

std::string AnswerReader::end() {
  complaint_ += complaint_output_.add(std::exchange(start_, {}));
  complaint_ += complaint_output_.end();
  return output_.end();
}

}  // namespace weir::cli
