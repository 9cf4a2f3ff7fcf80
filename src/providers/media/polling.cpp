#include "polling.hpp"

#include "../error_reading.hpp"

#include <algorithm>
#include <charconv>

namespace spidergate::providers::media {

namespace {

constexpr std::int64_t first_pause_ms = 500, last_pause_ms = 5000;
constexpr std::size_t longest_id = 128;

bool may_stand_in_a_path(std::string_view id) {
  return !id.empty() && id.size() <= longest_id && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// What stands behind the first space.
std::string_view rest_of(std::string_view text) {
  const auto space = text.find(' ');
  return space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
}

}  // namespace

std::string first_memo(std::string_view base_path) {
  return "order 0 " + std::string(base_path);
}

boost::system::result<follow_up, provider_error> poll_job(std::string_view memo, std::string_view path,
                                                          json::value id) {
  if (!may_stand_in_a_path(id.literal()))
    return not_an_answer("The provider's answer names no job that can be polled.");
  const auto counted = rest_of(memo);
  std::int64_t asked = 0;
  std::from_chars(counted.data(), counted.data() + counted.size(), asked);
  const auto base = rest_of(counted);
  follow_up next;
  next.target = std::string(base).append(path).append(id.literal());
  next.memo = "poll " + std::to_string(asked + 1) + " " + std::string(base);
  next.after = std::chrono::milliseconds(std::min(last_pause_ms, first_pause_ms * (1 + asked / 4)));
  return next;
}

}  // namespace spidergate::providers::media
