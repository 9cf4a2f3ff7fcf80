#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spidergate::bench {

/// Reads one HTTP/1.1 response after the other from the bytes of a connection: just enough of the protocol to know
/// where each ends and what it said. Written apart from the gateway's own parser, so that a fault there cannot hide
/// here.
class response_reader {
 public:
  enum class progress {
    more,      // the response is not complete
    complete,  // it is; call reset() before the next
    broken     // these bytes are no response
  };

  /// Takes bytes of at most one response.
  progress feed(std::string_view bytes);
  void reset();

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] bool closes() const noexcept { return closes_; }
  /// The decoded body so far; a streaming reader takes it away with drop_body().
  [[nodiscard]] const std::string& body() const noexcept { return body_; }
  void drop_body() { body_.clear(); }
  /// Whether bytes of a response have come since reset().
  [[nodiscard]] bool begun() const noexcept { return state_ != state::head || !head_.empty(); }

 private:
  enum class state { head, sized, chunk_size, chunk_data, chunk_end, trailer, done, bad };

  std::string_view take_head(std::string_view bytes);
  std::string_view take_line(std::string_view bytes);
  std::string_view take_body(std::string_view bytes);
  void read_head();
  void read_line();

  state state_ = state::head;
  std::string head_;
  std::string line_;
  std::string body_;
  std::size_t left_ = 0;
  int status_ = 0;
  bool closes_ = false;
};

}  // namespace spidergate::bench
