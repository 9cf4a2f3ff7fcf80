#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/upstream/client.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace spidergate::upstream {

/// How the end of a response body is found.
enum class framing {
  none,         ///< there is no body
  sized,        ///< Content-Length
  chunked,      ///< Transfer-Encoding: chunked
  until_close,  ///< neither: the body ends with the connection
};

/// What the connection has to know about a response.
struct parsed_head {
  int status = 0;
  upstream::framing framing = upstream::framing::none;
  std::optional<std::uint64_t> content_length;
  bool keep_alive = false;
  std::size_t size = 0;  ///< bytes of the head, blank line included
};

/// Reads response heads with Beast's parser, without building Beast's fields: their places in the buffer are
/// remembered. The buffer may move and grow between calls, but always begins with the same head.
class head_parser {
 public:
  head_parser();
  ~head_parser();
  head_parser(const head_parser&) = delete;
  head_parser& operator=(const head_parser&) = delete;

  /// Begins with the next response. `to_head` says that it answers a HEAD request and has no body.
  void reset(bool to_head, std::size_t max_head_bytes);

  /// Nothing while the head is incomplete; errc::bad_response when it is broken, ambiguous or too large.
  [[nodiscard]] result<std::optional<parsed_head>> feed(std::string_view buffer);

  /// After the head: its fields as views into `buffer`.
  void fields(std::string_view buffer, std::vector<std::pair<std::string_view, std::string_view>>& out) const;

 private:
  class beast_parser;
  std::unique_ptr<beast_parser> parser_;
};

}  // namespace spidergate::upstream
