#pragma once
#include "scripted_server.hpp"

#include <spidergate/runtime/blocking_pool.hpp>
#include <spidergate/upstream/client.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <run_coroutine.hpp>
#include <string>
#include <vector>

namespace spidergate::upstream {

/// What came of one whole exchange.
struct outcome {
  error_code failure;
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
  bool reused = false;
  bool finished = false;
};

class client_fixture : public ::testing::Test {
 protected:
  ~client_fixture() override {
    // Coroutines that still wait refer to the members below.
    client_.reset();
  }

  upstream::client& client() {
    if (!client_) client_ = std::make_unique<upstream::client>(worker_, pool_, tls_, options_);
    return *client_;
  }

  static origin at(const testing::scripted_server& server, bool tls = false) {
    return {.tls = tls, .host = "127.0.0.1", .port = server.port(), .allow_private = true};
  }

  struct ask {
    std::string method = "POST";
    std::string body = "{}";
    clocks limits{};
    std::chrono::milliseconds idle{5'000};
    client::canceller* stop = nullptr;
  };

  static awaitable<void> exchange(upstream::client& with, origin where, ask what, outcome& out) {
    const std::string_view piece = what.body;
    const request sent{what.method, "/v1/x", "X-Test: 1\r\n", {&piece, 1}};
    client::canceller own;
    auto call = co_await with.start(where, sent, what.limits, what.stop != nullptr ? *what.stop : own);
    out.failure = call.error();
    if (call) {
      out.status = (*call)->head().status;
      out.reused = (*call)->reused_connection();
      for (const auto& [name, value] : (*call)->head().fields) out.fields.emplace_back(name, value);
      co_await read_all(**call, what.idle, out);
    }
    out.finished = true;
  }

  static awaitable<void> read_all(call& from, std::chrono::milliseconds idle, outcome& out) {
    for (;;) {
      const auto bytes = co_await from.read_some(testing::in(idle));
      out.failure = bytes.error();
      if (!bytes || bytes->empty()) co_return;
      out.body += *bytes;
    }
  }

  void begin(const origin& where, const ask& what, outcome& out) {
    worker_.spawn([this, where, what, &out] { return exchange(client(), where, what, out); });
  }
  void finish(const outcome& out) {
    testing::run_until(worker_, [&] { return out.finished; });
  }
  /// Runs what can go on without anything new from outside.
  void settle() { testing::settle(worker_); }
  outcome fetch(const origin& where, const ask& what) {
    outcome out;
    begin(where, what, out);
    finish(out);
    return out;
  }
  outcome fetch(const testing::scripted_server& server) { return fetch(at(server), {}); }

  runtime::worker worker_{0, runtime::system_clock()};
  runtime::blocking_pool pool_{1, 16};
  client_options options_;
  std::shared_ptr<client_tls> tls_ = load_client_tls("").value();
  std::unique_ptr<upstream::client> client_;
};

}  // namespace spidergate::upstream
