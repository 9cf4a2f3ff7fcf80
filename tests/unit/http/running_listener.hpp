#pragma once
#include "served_connection.hpp"

#include <spidergate/http/listener.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace spidergate::testing {

/// A listener on a free port of the loopback, on a worker with its own thread.
class running_listener {
 public:
  explicit running_listener(http::limits bounds = {}, std::shared_ptr<http::server_tls> tls = nullptr) {
    worker.start();
    on_worker([&] {
      listener = std::make_unique<http::listener>(
          worker, http::listener::options{"127.0.0.1", 0, false, bounds, std::move(tls)}, handler, counters);
      EXPECT_TRUE(listener->open().has_value());
    });
  }
  ~running_listener() {
    on_worker([&] { listener.reset(); });
    worker.stop();
  }

  /// Runs `job` on the worker's thread and waits for its end.
  template <class Job>
  std::invoke_result_t<Job> on_worker(Job job) {
    std::packaged_task<std::invoke_result_t<Job>()> task(std::move(job));
    auto done = task.get_future();
    worker.post([&task] { task(); });
    return done.get();
  }

  [[nodiscard]] std::uint16_t port() {
    return on_worker([&] { return listener->port(); });
  }

  scripted_handler handler;
  http::connection_counters counters;
  runtime::worker worker{0, runtime::system_clock()};
  std::unique_ptr<http::listener> listener;
};

/// A plain blocking client.
class tcp_client {
 public:
  explicit tcp_client(std::uint16_t port) { socket.connect({asio::ip::address_v4::loopback(), port}); }
  void send(const std::string& bytes) {
    error_code ignored;  // the server may have closed already
    asio::write(socket, asio::buffer(bytes), ignored);
  }
  /// Reads up to and including `last`.
  std::string read_until(const std::string& last) {
    std::string text;
    while (text.find(last) == std::string::npos && read_more(text)) {
    }
    return text;
  }
  /// Reads to the end of the connection; `failure` says how it ended.
  std::string read_all() {
    std::string text;
    while (read_more(text)) {
    }
    return text;
  }

  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  error_code failure;

 private:
  bool read_more(std::string& text) {
    char buffer[4096];
    text.append(buffer, socket.read_some(asio::buffer(buffer), failure));
    return !failure;
  }
};

}  // namespace spidergate::testing
