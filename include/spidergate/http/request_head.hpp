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

/// Why a head or a body framing was refused; message() of the category says it in one sentence.
enum class refusal {
  none,
  bad_request,            ///< malformed or ambiguous in a way that smuggling needs: answered 400, connection closed
  head_too_large,         ///< 431
  body_too_large,         ///< 413
  unsupported_version,    ///< 505
  unsupported_transfer_encoding,  ///< 501
};

}  // namespace spidergate::http
