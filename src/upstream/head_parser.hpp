#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/upstream/client.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
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

/// Reads response heads, strictly: lines end with CRLF, nothing is folded, no control byte stands anywhere, and the
/// body's length is stated once. Each byte is looked at once, as it arrives; of the fields only their places are kept.
/// The buffer may move and grow between calls, but always begins with the same head. No I/O.
class head_parser {
 public:
  using field_list = std::vector<std::pair<std::string_view, std::string_view>>;

  /// Begins with the next response. `to_head` says that it answers a HEAD request and has no body.
  void reset(bool to_head) noexcept;

  /// Nothing while the head is incomplete; errc::bad_response when it is broken or ambiguous.
  [[nodiscard]] result<std::optional<parsed_head>> feed(std::string_view buffer);

  /// After the head: its fields as views into `buffer`.
  void fields(std::string_view buffer, field_list& out) const;

 private:
  enum class line { incomplete, whole, blank, broken };

  struct place {
    std::uint32_t begin;
    std::uint32_t size;
  };
  struct field_place {
    place name;
    place value;
  };

  line read_status(std::string_view buffer);
  line read_field(std::string_view buffer);
  line end_line(std::string_view buffer) noexcept;
  [[nodiscard]] bool on_field(std::string_view name, std::string_view value) noexcept;
  [[nodiscard]] bool on_length(std::string_view value) noexcept;
  [[nodiscard]] bool on_encoding(std::string_view value) noexcept;
  void on_connection(std::string_view value) noexcept;
  [[nodiscard]] framing framing_of_body() const noexcept;
  [[nodiscard]] parsed_head summary() const noexcept;

  std::vector<field_place> places_;
  std::size_t line_ = 0;   ///< where the current line begins
  std::size_t colon_ = 0;  ///< where its name ends; 0: not known yet
  std::size_t at_ = 0;     ///< first byte that has not been looked at
  int status_ = 0;         ///< 0: the status line is not complete yet
  bool http_1_0_ = false;
  bool to_head_ = false;
  bool chunked_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  std::optional<std::uint64_t> length_;
};

}  // namespace spidergate::upstream
