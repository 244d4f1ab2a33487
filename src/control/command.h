// The commands that a running process answers, and the answers that they give.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "control/bell.h"
#include "control/protocol.h"

namespace weir::control {

struct Request {
  RequestLine line;
  std::string body;
  /// For an answer whose Source said `later`: rings when the source has something again. Any thread
  /// may keep it, also longer than the client stays.
  std::shared_ptr<Wake> wake;
  /// The client has gone, or the process ends: a slow command should end early.
  std::stop_token stop;
};

/// An answer that is made in pieces, each when the client has taken the one before. So a client
/// holds one piece in memory, however long the answer is. Destroyed when the client goes, maybe
/// before the end. One thread at a time uses it: the one that its command runs on, see Pace. The
/// destructor may run on either.
class Source {
 public:
  /// `later`: there is nothing more now; the request's `wake` tells when to read again.
  enum class Next : uint8_t { more, later, end };

  virtual ~Source() = default;
  /// Appends text without NUL to `piece`, about `most` bytes or less.
  virtual Next read(std::string& piece, size_t most) = 0;
  /// Asked after `end`. Empty, or why the answer is not complete: lines for a person. `weir` then
  /// fails after what it has printed.
  virtual std::string complaint() { return {}; }
};

/// What a command returns.
struct Answer {
  /// The whole answer, or what precedes the source's pieces.
  std::string text;
  std::unique_ptr<Source> source = {};
  /// False: `text` is a complaint, and `weir` fails.
  bool good = true;

  static Answer complaint(std::string text) { return {std::move(text), {}, false}; }
};

enum class Pace : uint8_t {
  /// Runs on the thread that serves the socket, which also handles signals. So do its source's
  /// reads. Each must end within milliseconds.
  quick,
  /// Runs on the Runner's thread, one after another. So do its source's reads, in turn with other
  /// clients'. It must own or share all that it uses: if it ignores `stop`, the process ends
  /// without waiting for it.
  slow,
};

/// What may follow the command's name.
enum class Takes : uint8_t { nothing, words, body };

struct Command {
  std::string_view name;
  Pace pace = Pace::quick;
  Takes takes = Takes::nothing;
  /// The client gets no answer if this throws.
  std::function<Answer(Request)> run;
};

using Commands = std::vector<Command>;

}  // namespace weir::control
