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

  /// A bit for each name among the fields, so that most questions for absent ones end here; all set: unknown.
  std::uint64_t names = ~std::uint64_t{0};

  /// The first field of that name (case-insensitive), or an empty view.
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept {
    return (names & bit_of(name)) == 0 ? std::string_view() : find_among_fields(name);
  }
  /// Which bit of `names` stands for a name, whatever its case.
  [[nodiscard]] static constexpr std::uint64_t bit_of(std::string_view name) noexcept {
    if (name.empty()) return 0;
    const auto first = static_cast<unsigned char>(name.front() | 0x20);
    const auto last = static_cast<unsigned char>(name.back() | 0x20);
    return std::uint64_t{1} << ((name.size() * 7 + first * std::size_t{5} + last) % 64);
  }

 private:
  [[nodiscard]] std::string_view find_among_fields(std::string_view name) const noexcept;
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
