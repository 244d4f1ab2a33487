#include "intercept/opener.h"

#include "base/clock.h"

namespace weir::intercept {

void Opener::use(std::shared_ptr<Leaves> leaves, std::shared_ptr<net::KeyLog> key_log) {
  if (leaves_ && leaves != leaves_) shared_.learned.forget_clients();
  leaves_ = std::move(leaves);
  if (key_log != key_log_) server_ = nullptr;
  key_log_ = std::move(key_log);
}

net::SslPtr Opener::begin(std::string_view host, bool literal, net::Validity origin) {
  if (!leaves_) return nullptr;
  if (!server_) server_ = net::ServerTls::make(shared_.tickets, key_log_);
  if (!server_) return nullptr;
  const auto leaf =
      leaves_->leaf_for(host, literal, {base::wall_seconds(), origin.from_s, origin.to_s});
  if (!leaf) return nullptr;
  return server_->begin({leaf->certificate.get(), leaves_->key(), leaf->sessions});
}

}  // namespace weir::intercept
