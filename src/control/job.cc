#include "control/job.h"

#include <utility>

namespace weir::control {

void Job::step() noexcept try {
  piece.clear();
  if (!std::exchange(has_run_, true)) {
    run();
  } else if (source) {
    read();
  }
} catch (...) {
  broken = true;
}

void Job::run() {
  request.wake = wake;
  request.stop = stop.get_token();
  Answer answer = command.run(std::move(request));
  source = answer.good ? std::move(answer.source) : nullptr;
  piece = !answer.good ? std::string() : source ? kStreamFollows : kTextFollows;
  piece += answer.text;
}

void Job::read() {
  wake->clear();
  next = source->read(piece, kPieceBytes);
  if (next != Source::Next::end) return;
  piece += kStreamEnd;
  piece += source->complaint();
  source = nullptr;
}

}  // namespace weir::control
