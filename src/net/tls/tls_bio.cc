#include "net/tls/tls_bio.h"

#include <cerrno>

#include "net/tls/tls_stream.h"

namespace weir::net {

/// OpenSSL's table of functions for a BIO.
struct TlsBio {
  static TlsStream& of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t n = of(bio).pull(to, static_cast<size_t>(size));
    if (n == -EAGAIN) BIO_set_retry_read(bio);
    return n < 0 ? -1 : static_cast<int>(n);
  }
  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    of(bio).push(bytes, static_cast<size_t>(size));
    return size;
  }
  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    return command == BIO_CTRL_EOF && of(bio).ended_below_ ? 1 : 0;
  }
  static int created(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
      if (!method) return method;
      BIO_meth_set_read(method, &read);
      BIO_meth_set_write(method, &write);
      BIO_meth_set_ctrl(method, &control);
      BIO_meth_set_create(method, &created);
      return method;
    }();
    return made;
  }
};

BIO* make_bio(TlsStream& stream) {
  const BIO_METHOD* const method = TlsBio::method();
  BIO* const bio = method ? BIO_new(method) : nullptr;
  if (bio) BIO_set_data(bio, &stream);
  return bio;
}

}  // namespace weir::net
