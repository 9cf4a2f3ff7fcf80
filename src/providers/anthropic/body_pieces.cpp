#include "body_pieces.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <functional>

namespace spidergate::providers::anthropic {

namespace {

// Below this, a copy costs less than one more piece on the wire.
constexpr std::size_t worth_a_view = 4096;

// What names and brackets add, and what most bodies need when large texts are views.
constexpr std::size_t room_around = 256;
constexpr std::size_t most_at_first = 2 * worth_a_view;

}  // namespace

body_pieces::body_pieces(std::string_view client) : client_(client) {
  copied_.reserve(std::min(client.size() + room_around, most_at_first));
}

bool body_pieces::lies_in_client(std::string_view text) const noexcept {
  const std::less_equal<const char*> not_behind;
  return not_behind(client_.data(), text.data()) &&
         not_behind(text.data() + text.size(), client_.data() + client_.size());
}

body_pieces& body_pieces::raw(std::string_view json) {
  if (json.empty()) return *this;
  last_ = json.back();
  if (json.size() >= worth_a_view && lies_in_client(json)) {
    views_.push_back({copied_.size(), json});
  } else {
    copied_.append(json);
  }
  return *this;
}

body_pieces& body_pieces::member(std::string_view name) {
  if (last_ != '{') copied_.push_back(',');
  copied_.append("\"").append(name).append("\":");
  last_ = ':';
  return *this;
}

body_pieces& body_pieces::element(std::string_view json) {
  if (last_ != '[') copied_.push_back(',');
  return raw(json);
}

body_pieces& body_pieces::literal(std::string_view inside) {
  copied_.push_back('"');
  raw(inside);
  copied_.push_back('"');
  last_ = '"';
  return *this;
}

body_pieces& body_pieces::string(std::string_view text) {
  append_json_string(copied_, text);
  last_ = '"';
  return *this;
}

body_pieces& body_pieces::number(std::int64_t value) {
  append_json_number(copied_, value);
  last_ = '0';
  return *this;
}

void body_pieces::move_to(wire_request& wire) {
  wire.owned.push_back(std::make_unique<std::string>(std::move(copied_)));
  const std::string_view text = *wire.owned.back();
  std::size_t at = 0;
  for (const auto& p : views_) {
    if (p.copied_until > at) wire.body.push_back(text.substr(at, p.copied_until - at));
    wire.body.push_back(p.view);
    at = p.copied_until;
  }
  if (text.size() > at) wire.body.push_back(text.substr(at));
  copied_.clear();
  views_.clear();
  last_ = '{';
}

}  // namespace spidergate::providers::anthropic
