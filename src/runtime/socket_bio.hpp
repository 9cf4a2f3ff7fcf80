#pragma once
#include "ready_socket.hpp"

#include <openssl/bio.h>

namespace spidergate::runtime {

/// OpenSSL's way to the socket. Unlike OpenSSL's own socket BIO it raises no SIGPIPE, and while the socket is known to
/// be drained it says "try again" without asking the system. `socket` must outlive it.
[[nodiscard]] BIO* make_socket_bio(ready_socket& socket);

/// The error behind the last failed read or write.
[[nodiscard]] error_code socket_bio_error(BIO* bio) noexcept;

}  // namespace spidergate::runtime
