#pragma once
#include <spidergate/core/ascii.hpp>
#include <spidergate/runtime/tcp_connections.hpp>
#include <spidergate/runtime/tls_stream.hpp>
#include <spidergate/runtime/worker.hpp>

#include <openssl/ssl.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::testing {

/// The server's side of one connection, in the hands of a script.
class peer {
 public:
  explicit peer(std::unique_ptr<runtime::byte_stream> stream) : stream_(std::move(stream)) {}

  /// Reads one request, head and sized body; empty when the client has closed.
  awaitable<std::string> read_request() {
    for (;;) {
      const auto head_end = received_.find("\r\n\r\n");
      if (head_end != std::string::npos &&
          received_.size() >= head_end + 4 + body_size(received_.substr(0, head_end))) {
        const auto size = head_end + 4 + body_size(received_.substr(0, head_end));
        auto request = received_.substr(0, size);
        received_.erase(0, size);
        co_return request;
      }
      std::string buffer(4096, '\0');
      const auto count = co_await stream_->read_some(buffer, steady_time::max());
      if (!count) co_return std::string();
      received_.append(buffer, 0, *count);
    }
  }

  awaitable<void> send(std::string text) {
    const std::string_view piece = text;
    co_await stream_->write({&piece, 1}, steady_time::max());
  }

  /// Returns when the client has closed.
  awaitable<void> wait_for_close() {
    std::string buffer(4096, '\0');
    while (co_await stream_->read_some(buffer, steady_time::max())) {
    }
  }

  void close(bool reset = false) { stream_->close(reset); }
  runtime::byte_stream& stream() { return *stream_; }

 private:
  static std::size_t body_size(const std::string& head) {
    for (const auto line : split(head, '\n')) {
      if (iequals(line.substr(0, 15), "content-length:")) {
        return parse_integer<std::size_t>(trim(line.substr(15, line.find('\r') - 15))).value_or(0);
      }
    }
    return 0;
  }

  std::unique_ptr<runtime::byte_stream> stream_;
  std::string received_;
};

/// A server on 127.0.0.1 whose connections each follow a script: the first connection the first script, and so on; the
/// last script serves all further ones. Lives on the worker of the test.
class scripted_server {
 public:
  using script = std::function<awaitable<void>(peer&)>;

  scripted_server(runtime::worker& home, std::vector<script> scripts, SSL_CTX* tls = nullptr)
      : home_(home), state_(std::make_shared<state>(home, std::deque<script>(scripts.begin(), scripts.end()), tls)) {
    home_.spawn([&h = home_, s = state_] { return accept_all(h, s); });
  }
  ~scripted_server() { stop(); }
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return state_->port; }
  [[nodiscard]] int connections() const { return state_->connections; }
  [[nodiscard]] int resumed_sessions() const { return state_->resumed; }
  void stop() { state_->acceptor.close(); }

 private:
  struct state {
    state(runtime::worker& home, std::deque<script> steps, SSL_CTX* context)
        : acceptor(home), scripts(std::move(steps)), tls(context) {
      acceptor.listen({asio::ip::address_v4::loopback(), 0}, 64).value();
      port = acceptor.local_endpoint().value().port();
    }
    runtime::tcp_acceptor acceptor;
    std::uint16_t port = 0;
    std::deque<script> scripts;
    SSL_CTX* tls;
    int connections = 0;
    int resumed = 0;
  };

  static awaitable<void> accept_all(runtime::worker& home, std::shared_ptr<state> s) {
    while (auto client = co_await s->acceptor.accept()) {
      ++s->connections;
      auto step = s->scripts.front();
      if (s->scripts.size() > 1) s->scripts.pop_front();
      const auto moved = std::make_shared<runtime::tcp_acceptor::arrival>(std::move(*client));
      home.spawn([&home, s, step, moved] { return serve(home, s, step, std::move(moved->socket), moved->peer); });
    }
  }

  static awaitable<void> serve(runtime::worker& home, std::shared_ptr<state> s, script step, runtime::tcp_socket socket,
                               asio::ip::tcp::endpoint from) {
    std::unique_ptr<runtime::byte_stream> stream;
    if (s->tls != nullptr) {
      auto secure = runtime::make_tls_stream(home, std::move(socket), from, runtime::ssl_ptr(SSL_new(s->tls)),
                                             runtime::tls_side::server);
      const auto shaken = co_await secure->handshake(steady_time::max());
      if (!shaken) co_return;
      if (SSL_session_reused(secure->native()) == 1) ++s->resumed;
      stream = std::move(secure);
    } else {
      stream = runtime::make_tcp_stream(home, std::move(socket), from);
    }
    peer client(std::move(stream));
    co_await step(client);
  }

  runtime::worker& home_;
  std::shared_ptr<state> state_;
};

/// Scripts that many tests need.
inline scripted_server::script answer_always(std::string response) {
  struct body {
    static awaitable<void> run(peer& client, std::string text) {
      while (!(co_await client.read_request()).empty()) co_await client.send(text);
    }
  };
  return [response = std::move(response)](peer& client) { return body::run(client, response); };
}

/// Answers one request and closes.
inline scripted_server::script answer_once(std::string response) {
  struct body {
    static awaitable<void> run(peer& client, std::string text) {
      co_await client.read_request();
      co_await client.send(std::move(text));
    }
  };
  return [response = std::move(response)](peer& client) { return body::run(client, response); };
}

/// Reads requests and never says a word.
inline scripted_server::script stay_silent() {
  return [](peer& client) { return client.wait_for_close(); };
}

inline std::string sized(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace spidergate::testing
