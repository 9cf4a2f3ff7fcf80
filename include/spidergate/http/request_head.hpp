#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace spidergate::http {

struct field {
  std::string_view name;   ///< as received; compare with iequals
  std::string_view value;  ///< without surrounding blanks
};

/// The head of one request: views into the connection's buffer, valid until the request has been answered.
struct request_head {
  std::string_view method;
  std::string_view target;  ///< as received
  std::string_view path;    ///< the target without query, percent-encoding untouched
  std::string_view query;   ///< what follows '?', or empty
  int version = 11;         ///< 10 or 11
  std::vector<field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;

  /// The first field of that name (case-insensitive), or an empty view.
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept;
};

/// Why a connection answers by itself, before any handler sees the request. Every refusal closes the connection.
enum class refusal {
  none,
  bad_request,          ///< malformed, or ambiguous in a way that request smuggling needs: 400
  timed_out,            ///< the head did not arrive in time: 408
  expectation_failed,   ///< an Expect that is not "100-continue": 417
  head_too_large,       ///< more bytes or more fields than allowed: 431
  unsupported_method,   ///< CONNECT: 501
  overloaded,           ///< more connections than allowed: 503
  unsupported_version,  ///< neither HTTP/1.0 nor HTTP/1.1, an HTTP/2 preface for one: 505
};

/// The status code of the answer.
[[nodiscard]] int status_of(refusal why) noexcept;

}  // namespace spidergate::http
