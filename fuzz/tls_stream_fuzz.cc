// A TLS stream to an origin, from its first handshake: the input says what a server of the target's
// own does, how its bytes are cut, which of them are changed on the way, and what comes between
// them. Nothing that the server has not sent may be read, and no more may be kept than TlsStream
// says.
#include <openssl/err.h>

#include <cerrno>

#include "async/stream_fake.h"
#include "drive.h"
#include "net/tls/client_tls.h"
#include "net/tls/tls_fake.h"

using namespace weir;
using fuzz::hold;

namespace {

constexpr size_t kMostSteps = 200;
constexpr size_t kRecord = 16 * 1024;

enum Step : uint8_t {
  deliver_all,
  deliver_some,
  deliver_raw,
  change_bit,
  server_sends,
  server_updates_keys,
  server_sends_ticket,
  server_ends,
  read,
  write,
  absorb,
  client_ends,
  end_below,
  close_window,
  kSteps,
};

/// The rest of the input.
class Script {
 public:
  Script(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  bool more() const { return !rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  std::string_view bytes(size_t count) {
    const std::string_view some = rest_.substr(0, count);
    rest_.remove_prefix(some.size());
    return some;
  }

 private:
  std::string_view rest_;
};

/// A server and a client that knows it by its certificate.
struct Side {
  explicit Side(int version) : server(version) {
    const auto trust = net::TrustStore::make({});
    X509_STORE_add_cert((*trust)->get(), server.certificate());
    client = net::ClientTls::make(*trust);
  }
  net::FakeServer server;
  base::Ref<net::ClientTls> client;
};

Side& side(int version) {
  static Side newer(TLS1_3_VERSION), older(TLS1_2_VERSION);
  return version == TLS1_3_VERSION ? newer : older;
}

class Play {
 public:
  explicit Play(Side& side) : server_(side.server) {
    server_.accept();
    auto below = std::make_unique<async::MemoryStream>();
    below_ = below.get();
    stream_ = std::make_unique<net::TlsStream>(
        std::move(below), side.client->begin("origin.test", false, "origin.test:443"));
    scope_.spawn(shake());
  }
  ~Play() { scope_.cancel_all(); }

  void run(Script& script) {
    for (size_t step = 0; script.more() && step < kMostSteps; ++step) {
      turn();
      take(static_cast<Step>(script.byte() % kSteps), script);
      // Of one record that was not taken, and of alerts and answers to KeyUpdates.
      hold(stream_->unsent() <= kRecord + net::TlsStream::kMostControl + 1024, "little is kept");
      hold(sent_.starts_with(received_), "what is read is what the server has sent");
    }
    turn();
  }

 private:
  async::Task<void> shake() {
    net::Handshaken made = co_await stream_->handshake(async::Deadline::kNever);
    for (size_t i = 0; made.error == -EINPROGRESS && i < 4; ++i)
      made = co_await stream_->handshake(async::Deadline::kNever);
    hold(made.error != -EINPROGRESS, "a handshake asks for few issuers");
    open_ = made.error == 0;
    shaken_ = true;
  }
  void turn() {
    for (int i = 0; i < 3; ++i) loop_.turn(0);
    server_.take(std::string_view(below_->sent).substr(carried_));
    carried_ = below_->sent.size();
    pending_ += server_.give();
  }
  void deliver(size_t count) {
    below_->arrive(pending_.substr(0, count));
    pending_.erase(0, count);
  }
  void take(Step step, Script& script) {
    SSL* const ssl = server_.ssl();
    switch (step) {
      case deliver_all: deliver(pending_.size()); break;
      case deliver_some: deliver(std::min<size_t>(script.byte() + 1, pending_.size())); break;
      case deliver_raw: below_->arrive(script.bytes(script.byte())); break;
      case change_bit: {
        const size_t at = script.byte() * 8u + script.byte();
        if (at / 8 < pending_.size())
          pending_[at / 8] = static_cast<char>(pending_[at / 8] ^ (1 << (at % 8)));
        break;
      }
      case server_sends:
        if (SSL_is_init_finished(ssl)) {
          const std::string content(script.byte() * 40u + 1, 'x');
          server_.send(content);
          sent_ += content;
        }
        break;
      case server_updates_keys:
        SSL_key_update(ssl,
                       script.byte() % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(ssl);
        break;
      case server_sends_ticket:
        SSL_new_session_ticket(ssl);
        SSL_do_handshake(ssl);
        break;
      case server_ends: SSL_shutdown(ssl); break;
      default: use(step, script);
    }
    ERR_clear_error();
  }
  void use(Step step, Script& script) {
    if (step == end_below) return below_->arrive("", true);
    if (step == close_window) {
      below_->window = below_->sent.size() + script.byte() * 4u;
      return;
    }
    if (!shaken_ || !open_) return;
    if (step == absorb) (void)stream_->absorb();
    if (step == client_ends) stream_->shut_down_writes();
    if (step == read) read_once(script.byte() * 16u + 1);
    if (step == write) {
      const std::string content(script.byte() * 80u + 1, 'y');
      const iovec piece{const_cast<char*>(content.data()), content.size()};
      (void)stream_->try_write(&piece, 1);
    }
  }
  void read_once(size_t most) {
    std::string space(most, '\0');
    const ssize_t n = stream_->try_read(space.data(), most);
    if (n > 0) received_ += space.substr(0, static_cast<size_t>(n));
    hold(failed_ == 0 || n == failed_, "a fault stays");
    if (n < 0 && n != -EAGAIN) failed_ = n;
  }

  async::EventLoop loop_;
  net::FakeServer& server_;
  async::MemoryStream* below_;
  std::unique_ptr<net::TlsStream> stream_;
  std::string pending_, sent_, received_;
  size_t carried_ = 0;
  ssize_t failed_ = 0;
  bool shaken_ = false, open_ = false;
  async::TaskScope scope_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Script script(data, size);
  const uint8_t first = script.byte();
  Side& chosen = side(first % 2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  // A session of an earlier run makes a run depend on that.
  if ((first & 2) == 0) chosen.client->forget_sessions("origin.test:443");
  Play(chosen).run(script);
  return 0;
}
