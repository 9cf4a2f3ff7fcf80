#pragma once
#include "codec.hpp"

#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace spidergate::kv::redis {

/// Who gets the answer to one command. Called on the worker's thread, once, from the connection's reader or from
/// whoever breaks the connection. on_answer() may run what waited for it, and be destroyed by that.
class answer_sink {
 public:
  virtual ~answer_sink() = default;
  virtual void on_answer(reply&& answer) noexcept = 0;
  virtual void on_broken(error_code why) noexcept = 0;
};

/// A command whose bytes are asked for only when they are to be written.
class late_command : public answer_sink {
 public:
  virtual void append_to(std::string& out) noexcept = 0;
};

/// One open connection, on which commands are pipelined: what is sent in one turn of the worker's loop goes out in one
/// write, and answers come in order. Once broken it stays so. Worker thread only; held by shared_ptr, for its reader
/// and writer run on their own until it breaks.
class connection : public std::enable_shared_from_this<connection> {
 public:
  /// Commands whose answer is outstanding; at the bound a further one is refused.
  static constexpr std::size_t most_in_flight = 4096;

  connection(runtime::worker& home, std::unique_ptr<runtime::byte_stream> stream);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Starts the reader and the writer.
  void start();
  [[nodiscard]] bool open() const noexcept { return open_; }
  /// True when one more command may be sent.
  [[nodiscard]] bool has_room() const noexcept { return open_ && waiting_.size() < most_in_flight; }
  /// Sends the bytes that `append` would add, one whole command; the sink lives until it is called. Needs has_room().
  template <class Append>
  void send(answer_sink& sink, Append append) {
    send(sink, append, home_.time().steady_now());
  }
  /// Sends one whole command that may still grow until the turn's commands are written, or until put_late(). What is
  /// sent meanwhile goes behind it. One at a time. Needs has_room().
  void send_late(late_command& sink) {
    late_ = &sink;
    late_at_ = out_.size();
    send(sink, [](std::string&) {});
  }
  /// Takes the bytes of the late command, if there is one.
  void put_late();
  /// Sends and waits; at the deadline the connection breaks, since answers would no longer match.
  template <class Append>
  awaitable<result<reply>> ask(Append append, steady_time deadline);
  /// The same, but what breaks it is that the server has said nothing at all for `longest_silence`: while it answers
  /// others, this one is only waiting for its turn. At the deadline it breaks in any case.
  template <class Append>
  awaitable<result<reply>> ask(Append append, steady_time::duration longest_silence, steady_time deadline);
  /// Breaks it: everybody who waits gets `why`.
  void break_off(error_code why) noexcept;
  /// Breaks it when an answer is overdue and the server has said nothing for so long; for commands that nobody waits
  /// for.
  void check(std::chrono::milliseconds longest_silence) noexcept;

 private:
  struct waiter {
    answer_sink* sink;
    steady_time since;
  };
  struct asked;

  template <class Append>
  void send(answer_sink& sink, Append append, steady_time now) {
    append(out_);
    waiting_.push_back({&sink, now});
    more_.release();
  }
  static awaitable<void> read(std::shared_ptr<connection> self);
  static awaitable<void> write(std::shared_ptr<connection> self);
  error_code hand_out();

  runtime::worker& home_;
  std::unique_ptr<runtime::byte_stream> stream_;
  reply_decoder decoder_;
  std::deque<waiter> waiting_;
  steady_time heard_at_{};
  std::string out_;
  late_command* late_ = nullptr;
  std::size_t late_at_ = 0;  ///< in `out_`
  std::string late_bytes_;   ///< kept for its memory
  std::string writing_;
  runtime::wait_point more_;
  bool open_ = true;
};

/// A command that a coroutine waits for; lives in its frame.
struct connection::asked final : answer_sink {
  explicit asked(runtime::worker& home) : done(home) {}
  void on_answer(reply&& given) noexcept override {
    answer = std::move(given);
    finished = true;
    done.resume_now();
  }
  void on_broken(error_code why) noexcept override {
    answer = why;
    finished = true;
    done.release();
  }
  runtime::wait_point done;
  result<reply> answer = error_code(asio::error::operation_aborted);
  bool finished = false;
};

template <class Append>
awaitable<result<reply>> connection::ask(Append append, steady_time deadline) {
  return ask(std::move(append), steady_time::duration::max(), deadline);
}

template <class Append>
awaitable<result<reply>> connection::ask(Append append, steady_time::duration longest_silence, steady_time deadline) {
  if (!open_) co_return error_code(asio::error::not_connected);
  if (!has_room()) co_return error_code(asio::error::no_buffer_space);
  const auto self = shared_from_this();
  asked question(home_);
  const auto asked_at = home_.time().steady_now();
  send(question, append, asked_at);
  const auto silent_until = [&] {
    const auto since = std::max(asked_at, heard_at_);
    return deadline - since > longest_silence ? since + longest_silence : deadline;
  };
  auto woken = co_await question.done.wait(silent_until());
  while (!question.finished && !woken && woken.error() == asio::error::timed_out &&
         home_.time().steady_now() < silent_until()) {
    woken = co_await question.done.wait(silent_until());
  }
  if (!question.finished) self->break_off(woken ? error_code(asio::error::operation_aborted) : woken.error());
  co_return std::move(question.answer);
}

}  // namespace spidergate::kv::redis
