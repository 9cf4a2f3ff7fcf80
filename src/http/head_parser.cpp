#include "head_parser.hpp"

#include "byte_class.hpp"

#include <spidergate/core/ascii.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <limits>

namespace spidergate::http {

namespace {

namespace beast = boost::beast;
using beast_error = beast::error_code;

std::string_view view(beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

/// Beast's parser with our policy on top. It records views where Beast's own request_parser would copy every field.
class recorder final : public beast::http::basic_parser<true> {
 public:
  explicit recorder(request_head& out) : out_(out) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // the scanner has measured the head already
    body_limit(boost::none);
  }

  /// Ends the parse with our own reason; the code itself is never shown.
  [[nodiscard]] const verdict& reason() const noexcept { return reason_; }

 private:
  using field_id = beast::http::field;

  void on_request_impl(beast::http::verb method, beast::string_view method_text, beast::string_view target, int version,
                       beast_error& ec) override;
  void on_field_impl(field_id id, beast::string_view name, beast::string_view value, beast_error& ec) override;
  void on_header_impl(beast_error& ec) override;

  void on_response_impl(int, beast::string_view, int, beast_error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast_error&) override {}
  std::size_t on_body_impl(beast::string_view body, beast_error&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast_error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, beast_error&) override { return body.size(); }
  void on_finish_impl(beast_error&) override {}

  void on_host(std::string_view value, beast_error& ec);
  void on_content_length(std::string_view value, beast_error& ec);
  void on_transfer_encoding(std::string_view value, beast_error& ec);
  void on_connection(std::string_view value);
  void on_expect(std::string_view value, beast_error& ec);
  bool split_target(std::string_view target);

  void refuse(beast_error& ec, std::string_view message, refusal why = refusal::bad_request) {
    reason_ = {why, message};
    ec = beast::http::error::bad_value;
  }

  request_head& out_;
  verdict reason_;
  bool has_host_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
};

void recorder::on_request_impl(beast::http::verb method, beast::string_view method_text, beast::string_view target,
                               int version, beast_error& ec) {
  out_.method = view(method_text);
  out_.target = view(target);
  out_.version = version;
  if (method == beast::http::verb::connect) {
    return refuse(ec, "CONNECT is not served: this is not a proxy.", refusal::unsupported_method);
  }
  if (!split_target(out_.target)) refuse(ec, "The request target is neither a path nor an http URL.");
}

bool recorder::split_target(std::string_view target) {
  if (target == "*") {
    out_.path = target;
    return out_.method == "OPTIONS";
  }
  if (target.front() != '/') {  // absolute form, which RFC 9112 section 3.2.2 obliges every server to accept
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return false;
    const auto scheme = target.substr(0, scheme_end);
    if (!iequals(scheme, "http") && !iequals(scheme, "https")) return false;
    const auto authority_end = std::min(target.find_first_of("/?", scheme_end + 3), target.size());
    if (authority_end == scheme_end + 3) return false;
    target.remove_prefix(authority_end);
  }
  const auto mark = target.find('?');
  out_.path = target.substr(0, mark);
  if (out_.path.empty()) out_.path = "/";
  if (mark != std::string_view::npos) out_.query = target.substr(mark + 1);
  return true;
}

void recorder::on_field_impl(field_id id, beast::string_view name, beast::string_view value, beast_error& ec) {
  if (out_.fields.size() == max_fields) {
    return refuse(ec, "The request has more header fields than this server allows.", refusal::head_too_large);
  }
  const auto text = view(value);
  out_.fields.push_back({view(name), text});
  switch (id) {
    case field_id::host:
      return on_host(text, ec);
    case field_id::content_length:
      return on_content_length(text, ec);
    case field_id::transfer_encoding:
      return on_transfer_encoding(text, ec);
    case field_id::connection:
      return on_connection(text);
    case field_id::expect:
      return on_expect(text, ec);
    default:
      return;
  }
}

void recorder::on_host(std::string_view value, beast_error& ec) {
  if (has_host_) return refuse(ec, "The Host header is repeated.");
  has_host_ = true;
  if (!std::all_of(value.begin(), value.end(), [](char c) { return is(host_byte, c); })) {
    refuse(ec, "The Host header holds a byte that no host name has.");
  }
}

void recorder::on_content_length(std::string_view value, beast_error& ec) {
  if (out_.content_length) return refuse(ec, "The Content-Length header is repeated.");
  if (out_.chunked) return refuse(ec, "Content-Length and Transfer-Encoding must not be sent together.");
  const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) out_.content_length = parse_integer<std::uint64_t>(value);
  if (!out_.content_length) refuse(ec, "The Content-Length header is not a decimal number.");
}

void recorder::on_transfer_encoding(std::string_view value, beast_error& ec) {
  if (out_.chunked) return refuse(ec, "The Transfer-Encoding header is repeated.");
  if (out_.content_length) return refuse(ec, "Content-Length and Transfer-Encoding must not be sent together.");
  if (!iequals(value, "chunked")) return refuse(ec, "The only Transfer-Encoding accepted is \"chunked\".");
  if (out_.version < 11) return refuse(ec, "HTTP/1.0 has no Transfer-Encoding.");
  out_.chunked = true;
}

void recorder::on_connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trim(value.substr(0, comma));
    if (iequals(option, "close")) close_ = true;
    if (iequals(option, "keep-alive")) keep_alive_ = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

void recorder::on_expect(std::string_view value, beast_error& ec) {
  if (!iequals(value, "100-continue")) {
    return refuse(ec, "The only expectation understood is \"100-continue\".", refusal::expectation_failed);
  }
  out_.expects_continue = out_.version == 11;  // RFC 9110 section 10.1.1: not to be honoured for HTTP/1.0
}

void recorder::on_header_impl(beast_error& ec) {
  if (out_.version == 11 && !has_host_) return refuse(ec, "HTTP/1.1 requires a Host header.");
  out_.keep_alive = !close_ && (out_.version == 11 || keep_alive_);
}

void reset(request_head& head) {
  auto fields = std::move(head.fields);
  fields.clear();
  head = request_head{};
  head.fields = std::move(fields);
}

/// Beast checks framing fields before it shows them to us, so some refusals are its own.
verdict explain(const beast_error& ec) {
  using beast::http::error;
  if (ec == error::bad_content_length || ec == error::multiple_content_length) {
    return {refusal::bad_request,
            "The Content-Length header is repeated, not a number, or sent with Transfer-Encoding."};
  }
  if (ec == error::bad_transfer_encoding) {
    return {refusal::bad_request, "The Transfer-Encoding header is repeated or sent with Content-Length."};
  }
  return {refusal::bad_request, "The request head is malformed."};
}

}  // namespace

verdict parse_head(std::string_view head, request_head& out) {
  reset(out);
  recorder parser(out);
  beast_error ec;
  const auto used = parser.put(boost::asio::buffer(head.data(), head.size()), ec);
  if (parser.reason().why != refusal::none) return parser.reason();
  if (ec) return explain(ec);
  if (!parser.is_header_done() || used != head.size()) return {refusal::bad_request, "The request head is malformed."};
  return {};
}

}  // namespace spidergate::http
