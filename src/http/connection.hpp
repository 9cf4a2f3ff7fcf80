#pragma once
#include "request_reader.hpp"
#include "response_writer.hpp"

#include <spidergate/http/exchange.hpp>
#include <spidergate/http/limits.hpp>
#include <spidergate/http/listener.hpp>
#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/clock.hpp>

#include <boost/intrusive/list.hpp>

#include <functional>
#include <memory>

namespace spidergate::http {

class connection;

/// What the connections of one listener share, and who they are. Lives on one worker's thread.
struct connection_site {
  connection_site(const runtime::clock& clock, handler& answers, connection_counters& figures, http::limits bounds,
                  bool is_admin)
      : time(clock), requests(answers), counters(figures), limits(bounds), admin(is_admin) {}

  const runtime::clock& time;
  handler& requests;
  connection_counters& counters;
  http::limits limits;
  bool admin;
  bool draining = false;
  const std::atomic<bool>* end_keep_alive = nullptr;  ///< see listener::options
  date_line date;

  [[nodiscard]] bool keeps_alive() const noexcept {
    return !draining && (end_keep_alive == nullptr || !end_keep_alive->load(std::memory_order_relaxed));
  }
};

/// One client connection: reads requests one after the other, has each answered, and decides whether there is a next
/// one. It is also the exchange that handlers see. On its worker's thread; lives until serve() has returned.
class connection final
    : public exchange,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// `socket` is the descriptor under the stream, where there is one: for ending our direction while still reading.
  connection(connection_site& site, std::unique_ptr<runtime::byte_stream> stream, int socket = -1);

  /// Serves until the connection ends. An exception out of a handler closes the connection and is passed on.
  awaitable<void> serve();
  /// Answers 503 and closes: there are too many connections.
  awaitable<void> turn_away();

  /// Ends an idle connection now; a busy one ends with its answer, because the site is draining.
  void drain() noexcept;
  /// Ends it now; the handler learns that its client has gone.
  void close() noexcept;

  [[nodiscard]] const request_head& head() const noexcept override { return reader_.head(); }
  [[nodiscard]] std::string_view peer_address() const noexcept override { return stream_->peer_address(); }
  [[nodiscard]] bool on_admin_listener() const noexcept override { return site_.admin; }
  [[nodiscard]] steady_time started() const noexcept override { return reader_.started(); }
  awaitable<result<std::string_view>> read_body() override { return reader_.read_body(); }
  void release_body() noexcept override { reader_.release_body(); }
  void watch_client(std::function<void()> on_gone) override;
  awaitable<result<void>> respond(int status, const header_block& headers,
                                  std::span<const std::string_view> body) override;
  void begin_stream(int status, const header_block& headers) override;
  awaitable<result<void>> write(std::string_view bytes) override { return writer_.write(bytes); }
  awaitable<result<void>> finish(std::string_view last) override { return writer_.finish(last); }
  awaitable<result<void>> abort(std::string_view last) override { return writer_.abort(last); }
  void break_off() noexcept override { writer_.break_off(); }
  [[nodiscard]] bool answer_begun() const noexcept override { return writer_.begun(); }

 private:
  awaitable<std::exception_ptr> run_handler();
  awaitable<void> refuse(verdict why);
  awaitable<void> answer_alone(int status, std::string_view message);
  awaitable<void> say_goodbye();
  void decide_ending();
  void client_gone();
  void count_timeouts() noexcept;

  connection_site& site_;
  std::unique_ptr<runtime::byte_stream> stream_;
  int socket_;
  request_reader reader_;
  response_writer writer_;
  std::function<void()> on_gone_;
  bool handling_ = false;
  bool closed_ = false;
};

}  // namespace spidergate::http
