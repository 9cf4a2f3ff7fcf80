#pragma once
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/tcp_socket.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace spidergate::runtime {

class worker;

/// A byte stream over a connected or accepted socket. Sets TCP_NODELAY.
/// `peer` is what accept or connect said, which saves asking the system again.
[[nodiscard]] std::unique_ptr<byte_stream> make_tcp_stream(worker& home, tcp_socket socket,
                                                           const asio::ip::tcp::endpoint& peer);

}  // namespace spidergate::runtime
