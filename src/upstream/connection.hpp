#pragma once
#include "chunk_decoder.hpp"
#include "head_parser.hpp"

#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/deadline_wheel.hpp>
#include <spidergate/upstream/client.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::upstream {

/// One HTTP/1.1 connection: sends a request, reads its response, and so on, one exchange at a time.
/// The response head is kept with what of the body came together with it; the rest of that passes through the landing
/// buffer of the thread, so that a silent connection holds nothing for it.
/// send() and read_head() fail with the errors of the stream, or errc::bad_response.
class connection final : private runtime::deadline_wheel::entry {
 public:
  connection(std::unique_ptr<runtime::byte_stream> stream, std::size_t max_head_bytes);
  ~connection() override;

  [[nodiscard]] runtime::byte_stream& stream() noexcept { return *stream_; }

  /// Writes the whole request, in one system call where the kernel takes it. `what` must live until completion.
  awaitable<result<void>> send(std::string_view host, const request& what, bool close_after, steady_time deadline);

  /// Reads the final response head; 1xx are skipped.
  awaitable<result<void>> read_head(steady_time deadline);
  /// Valid until the connection is used for something else than reading the body.
  [[nodiscard]] const response_head& head() const noexcept { return response_; }

  /// The next bytes of the body, an empty view at its end. See call::read_some.
  awaitable<result<std::string_view>> read_body(steady_time deadline);

  /// True when any byte of the current response has come.
  [[nodiscard]] bool answer_begun() const noexcept { return !arrived_.empty(); }
  /// True when the exchange is over and another one may follow.
  [[nodiscard]] bool reusable() const noexcept { return finished_ && head_.keep_alive && !surplus_; }

  /// Lets the connection rest until `due`; `on_end` is called when its time is up or the peer closes.
  void rest(runtime::deadline_wheel& deadlines, steady_time due, std::function<void()> on_end);
  /// Ends the rest; false when the peer has closed or said something meanwhile.
  [[nodiscard]] bool wake();

 private:
  enum class head_progress {
    incomplete,  ///< more bytes are needed
    complete,    ///< a final response head has been read
  };

  void on_deadline() noexcept override;
  void forget_request_head() noexcept;
  void write_request_head(std::string_view host, const request& what, bool close_after);
  void begin_response(bool to_head);
  [[nodiscard]] result<head_progress> parse_head();
  void drop_interim_head();
  void begin_body();
  [[nodiscard]] result<std::string_view> decode(std::span<char> bytes);

  std::unique_ptr<runtime::byte_stream> stream_;
  std::size_t max_head_bytes_;
  std::string request_head_;  ///< with the provider's key: wiped when the exchange is over
  std::vector<std::string_view> pieces_;

  std::string arrived_;         ///< the head and what came together with it
  std::size_t body_ready_ = 0;  ///< bytes after the head in it that nobody has asked for yet

  head_parser parser_;
  parsed_head head_;
  response_head response_;
  bool to_head_ = false;
  chunk_decoder chunks_;
  std::uint64_t left_ = 0;  ///< of a sized body
  bool finished_ = false;
  bool surplus_ = false;  ///< more bytes came than the response has

  std::function<void()> on_end_;
};

}  // namespace spidergate::upstream
