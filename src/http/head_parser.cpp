#include "head_parser.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/byte_class.hpp>

#include <algorithm>
#include <utility>

namespace spidergate::http {

namespace {

/// Takes apart a head whose every byte the scanner has looked at: what remains are the questions of meaning.
class head_reader {
 public:
  explicit head_reader(request_head& out) : out_(out) {}

  verdict read(std::string_view head);

 private:
  verdict on_request_line(std::string_view line);
  bool split_target(std::string_view target);
  verdict on_field(std::string_view name, std::string_view value);
  verdict on_host(std::string_view value);
  verdict on_content_length(std::string_view value);
  verdict on_transfer_encoding(std::string_view value);
  void on_connection(std::string_view value);
  verdict on_expect(std::string_view value);

  static verdict refuse(std::string_view message, refusal why = refusal::bad_request) noexcept {
    return {why, message};
  }

  request_head& out_;
  bool has_host_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
};

constexpr std::string_view malformed = "The request head is malformed.";

verdict head_reader::read(std::string_view head) {
  auto end = head.find('\r');
  if (end == std::string_view::npos) return refuse(malformed);
  auto refused = on_request_line(head.substr(0, end));
  if (refused.why != refusal::none) return refused;
  for (;;) {
    head.remove_prefix(std::min(end + 2, head.size()));
    end = head.find('\r');
    if (end == std::string_view::npos) return refuse(malformed);
    if (end == 0) break;
    const auto colon = head.find(':');
    if (colon >= end) return refuse(malformed);
    refused = on_field(head.substr(0, colon), trim(head.substr(colon + 1, end - colon - 1)));
    if (refused.why != refusal::none) return refused;
  }
  if (head != "\r\n") return refuse(malformed);
  if (out_.version == 11 && !has_host_) return refuse("HTTP/1.1 requires a Host header.");
  out_.keep_alive = !close_ && (out_.version == 11 || keep_alive_);
  return {};
}

verdict head_reader::on_request_line(std::string_view line) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  // The scanner has let pass "method target HTTP/1.x" only.
  if (method_end == std::string_view::npos || target_end <= method_end + 1) return refuse(malformed);
  out_.method = line.substr(0, method_end);
  out_.target = line.substr(method_end + 1, target_end - method_end - 1);
  out_.version = line.back() == '0' ? 10 : 11;
  if (out_.method == "CONNECT") {
    return refuse("CONNECT is not served: this is not a proxy.", refusal::unsupported_method);
  }
  if (!split_target(out_.target)) return refuse("The request target is neither a path nor an http URL.");
  return {};
}

bool head_reader::split_target(std::string_view target) {
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

verdict head_reader::on_field(std::string_view name, std::string_view value) {
  if (out_.fields.size() == max_fields) {
    return refuse("The request has more header fields than this server allows.", refusal::head_too_large);
  }
  out_.fields.push_back({name, value});
  out_.names |= request_head::bit_of(name);
  switch (name.size()) {
    case 4:
      if (is_field_name(name, "host")) return on_host(value);
      break;
    case 6:
      if (is_field_name(name, "expect")) return on_expect(value);
      break;
    case 10:
      if (is_field_name(name, "connection")) on_connection(value);
      break;
    case 14:
      if (is_field_name(name, "content-length")) return on_content_length(value);
      break;
    case 17:
      if (is_field_name(name, "transfer-encoding")) return on_transfer_encoding(value);
      break;
    default:
      break;
  }
  return {};
}

verdict head_reader::on_host(std::string_view value) {
  if (has_host_) return refuse("The Host header is repeated.");
  has_host_ = true;
  if (end_of(host_byte, value, 0) != value.size()) {
    return refuse("The Host header holds a byte that no host name has.");
  }
  return {};
}

verdict head_reader::on_content_length(std::string_view value) {
  if (out_.content_length) return refuse("The Content-Length header is repeated.");
  if (out_.chunked) return refuse("Content-Length and Transfer-Encoding must not be sent together.");
  const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) out_.content_length = parse_integer<std::uint64_t>(value);
  if (!out_.content_length) return refuse("The Content-Length header is not a decimal number.");
  return {};
}

verdict head_reader::on_transfer_encoding(std::string_view value) {
  if (out_.chunked) return refuse("The Transfer-Encoding header is repeated.");
  if (out_.content_length) return refuse("Content-Length and Transfer-Encoding must not be sent together.");
  if (!iequals(value, "chunked")) return refuse("The only Transfer-Encoding accepted is \"chunked\".");
  if (out_.version < 11) return refuse("HTTP/1.0 has no Transfer-Encoding.");
  out_.chunked = true;
  return {};
}

void head_reader::on_connection(std::string_view value) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trim(value.substr(0, comma));
    if (iequals(option, "close")) close_ = true;
    if (iequals(option, "keep-alive")) keep_alive_ = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

verdict head_reader::on_expect(std::string_view value) {
  if (!iequals(value, "100-continue")) {
    return refuse("The only expectation understood is \"100-continue\".", refusal::expectation_failed);
  }
  out_.expects_continue = out_.version == 11;  // RFC 9110 section 10.1.1: not to be honoured for HTTP/1.0
  return {};
}

void reset(request_head& head) {
  auto fields = std::move(head.fields);
  fields.clear();
  head = request_head{};
  head.fields = std::move(fields);
  head.names = 0;
}

}  // namespace

verdict parse_head(std::string_view head, request_head& out) {
  reset(out);
  return head_reader(out).read(head);
}

}  // namespace spidergate::http
