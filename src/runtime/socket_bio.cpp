#include "socket_bio.hpp"

#include <new>

namespace spidergate::runtime {
namespace {

struct bio_state {
  ready_socket& socket;
  error_code failure;
  bool ended = false;
};

bio_state& state_of(BIO* bio) {
  return *static_cast<bio_state*>(BIO_get_data(bio));
}

int read_bio(BIO* bio, char* buffer, std::size_t size, std::size_t* count) {
  auto& state = state_of(bio);
  BIO_clear_retry_flags(bio);
  if (state.socket.drained()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  const auto received = state.socket.receive({buffer, size});
  if (received) {
    *count = *received;
    return 1;
  }
  if (received.error() == asio::error::would_block) {
    BIO_set_retry_read(bio);
  } else if (received.error() == asio::error::eof) {
    state.ended = true;
  } else {
    state.failure = received.error();
  }
  return 0;
}

int write_bio(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) {
  auto& state = state_of(bio);
  BIO_clear_retry_flags(bio);
  const std::string_view piece(bytes, size);
  const auto sent = state.socket.send({&piece, 1}, 0);
  if (sent) {
    *count = *sent;
    return 1;
  }
  if (sent.error() == asio::error::would_block) {
    BIO_set_retry_write(bio);
  } else {
    state.failure = sent.error();
  }
  return 0;
}

long control_bio(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return state_of(bio).ended ? 1 : 0;
  return 0;
}

int destroy_bio(BIO* bio) {
  delete static_cast<bio_state*>(BIO_get_data(bio));
  return 1;
}

const BIO_METHOD* method() {
  static const BIO_METHOD* const shared = [] {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ready socket");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read_ex(made, read_bio);
    BIO_meth_set_write_ex(made, write_bio);
    BIO_meth_set_ctrl(made, control_bio);
    BIO_meth_set_destroy(made, destroy_bio);
    return made;
  }();
  return shared;
}

}  // namespace

BIO* make_socket_bio(ready_socket& socket) {
  auto* bio = BIO_new(method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, new bio_state{socket, {}});
  BIO_set_init(bio, 1);
  return bio;
}

error_code socket_bio_error(BIO* bio) noexcept {
  return state_of(bio).failure;
}

}  // namespace spidergate::runtime
