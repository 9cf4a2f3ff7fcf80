#include "head_parser.hpp"

#include <spidergate/core/ascii.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <limits>

namespace spidergate::upstream {
namespace {

namespace beast_http = boost::beast::http;
using beast_view = boost::beast::string_view;

/// Where a piece of text stands in the buffer.
struct place {
  std::uint32_t begin;
  std::uint32_t size;
};

struct field_place {
  place name;
  place value;
};

std::string_view text_at(std::string_view buffer, place where) {
  return buffer.substr(where.begin, where.size);
}

}  // namespace

class head_parser::beast_parser final : public beast_http::basic_parser<false> {
 public:
  explicit beast_parser(bool to_head, std::size_t max_head_bytes) {
    header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(max_head_bytes, 1U << 30U)));
    body_limit(boost::none);
    // Only the head is Beast's business: without a body it is complete at the blank line.
    skip(true);
    to_head_ = to_head;
  }

  error_code feed(std::string_view buffer) {
    buffer_ = buffer;
    error_code failure;
    consumed_ += put({buffer.data() + consumed_, buffer.size() - consumed_}, failure);
    return failure;
  }

  [[nodiscard]] bool ambiguous() const { return ambiguous_; }

  [[nodiscard]] parsed_head result() const {
    parsed_head head;
    head.status = status_;
    head.size = consumed_;
    head.content_length = length_;
    head.framing = framing_of_body();
    head.keep_alive = keep_alive_wanted() && head.framing != framing::until_close;
    return head;
  }

  std::vector<field_place> places;

 private:
  [[nodiscard]] framing framing_of_body() const {
    if (to_head_ || status_ / 100 == 1 || status_ == 204 || status_ == 304) return framing::none;
    if (chunked_) return framing::chunked;
    if (!length_) return framing::until_close;
    return *length_ == 0 ? framing::none : framing::sized;
  }

  [[nodiscard]] bool keep_alive_wanted() const {
    if (says_close_) return false;
    return version_ == 11 || says_keep_alive_;
  }

  place place_of(beast_view text) {
    // A folded value stands in a buffer of Beast's own, which is gone after the callback; folding is obsolete anyway.
    const bool inside =
        text.empty() || (text.data() >= buffer_.data() && text.data() < buffer_.data() + buffer_.size());
    if (!inside) ambiguous_ = true;
    if (!inside || text.empty()) return {0, 0};
    return {static_cast<std::uint32_t>(text.data() - buffer_.data()), static_cast<std::uint32_t>(text.size())};
  }

  void on_response_impl(int code, beast_view, int version, error_code&) override {
    status_ = code;
    version_ = version;
  }

  void on_field_impl(beast_http::field name, beast_view text, beast_view value, error_code&) override {
    places.push_back({place_of(text), place_of(value)});
    const std::string_view meaning(value.data(), value.size());
    switch (name) {
      case beast_http::field::content_length:
        on_length(meaning);
        break;
      case beast_http::field::transfer_encoding:
        on_encoding(meaning);
        break;
      case beast_http::field::connection:
        on_connection(meaning);
        break;
      default:
        break;
    }
  }

  void on_length(std::string_view value) {
    const auto length = parse_integer<std::uint64_t>(value);
    if (!length || length_ || chunked_) ambiguous_ = true;
    length_ = length;
  }

  void on_encoding(std::string_view value) {
    // Other codings than chunked are not asked for, and their length could only be guessed.
    if (!iequals(value, "chunked") || chunked_ || length_ || version_ != 11) ambiguous_ = true;
    chunked_ = true;
  }

  void on_connection(std::string_view value) {
    for (const auto option : split(value, ',')) {
      if (iequals(trim(option), "close")) says_close_ = true;
      if (iequals(trim(option), "keep-alive")) says_keep_alive_ = true;
    }
  }

  void on_request_impl(beast_http::verb, beast_view, beast_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  std::string_view buffer_;
  std::size_t consumed_ = 0;
  int status_ = 0;
  int version_ = 0;
  std::optional<std::uint64_t> length_;
  bool to_head_ = false;
  bool chunked_ = false;
  bool ambiguous_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
};

head_parser::head_parser() = default;
head_parser::~head_parser() = default;

void head_parser::reset(bool to_head, std::size_t max_head_bytes) {
  std::vector<field_place> places;
  if (parser_) places = std::move(parser_->places);
  places.clear();
  parser_ = std::make_unique<beast_parser>(to_head, max_head_bytes);
  parser_->places = std::move(places);
}

result<std::optional<parsed_head>> head_parser::feed(std::string_view buffer) {
  const auto failure = parser_->feed(buffer);
  if (parser_->ambiguous()) return error_code(errc::bad_response);
  if (failure == beast_http::error::need_more) return std::optional<parsed_head>();
  if (failure || !parser_->is_header_done()) return error_code(errc::bad_response);
  return std::optional<parsed_head>(parser_->result());
}

void head_parser::fields(std::string_view buffer,
                         std::vector<std::pair<std::string_view, std::string_view>>& out) const {
  out.clear();
  out.reserve(parser_->places.size());
  for (const auto& [name, value] : parser_->places) out.emplace_back(text_at(buffer, name), text_at(buffer, value));
}

}  // namespace spidergate::upstream
