#pragma once
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/byte_stream.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace spidergate::runtime {

class worker;

/// Sockets that run on a worker's io_context without a type-erased executor.
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

/// A byte stream over a connected or accepted socket of `home`. Sets TCP_NODELAY and non-blocking mode.
/// `peer` is what accept or connect said, which saves asking the system again.
[[nodiscard]] std::unique_ptr<byte_stream> make_tcp_stream(worker& home, tcp_socket socket,
                                                           const asio::ip::tcp::endpoint& peer);

}  // namespace spidergate::runtime
