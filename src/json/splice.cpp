#include <spidergate/json/splice.hpp>

#include <algorithm>

namespace spidergate::json {

namespace {

std::string_view between(const char* from, const char* to) {
  return {from, static_cast<std::size_t>(to - from)};
}

}  // namespace

void splice::reset(std::string_view text) {
  text_ = text;
  changes_.clear();
}

void splice::replace(std::string_view span, std::string with) {
  const auto behind = [](std::string_view placed, const change& other) {
    return placed.data() < other.span.data() ||
           (placed.data() == other.span.data() && placed.size() < other.span.size());
  };
  const auto place = std::upper_bound(changes_.begin(), changes_.end(), span, behind);
  changes_.insert(place, {span, std::move(with)});
}

std::size_t splice::place_of(const char* byte) const noexcept {
  auto place = static_cast<std::size_t>(byte - text_.data());
  for (const auto& [span, with] : changes_) {
    if (span.data() > byte) break;
    place += with.size() - span.size();  // may be below nothing for a moment, as sums of unsigned numbers may
  }
  return place;
}

void splice::append_to(std::string& out) const {
  const char* at = text_.data();
  for (const auto& [span, with] : changes_) {
    out.append(between(at, span.data()));
    out.append(with);
    at = span.data() + span.size();
  }
  out.append(between(at, text_.data() + text_.size()));
}

void splice::move_to(std::vector<std::string_view>& pieces, std::vector<std::unique_ptr<std::string>>& owned) {
  const char* at = text_.data();
  for (auto& [span, with] : changes_) {
    if (span.data() != at) pieces.push_back(between(at, span.data()));
    if (!with.empty()) {
      owned.push_back(std::make_unique<std::string>(std::move(with)));
      pieces.push_back(*owned.back());
    }
    at = span.data() + span.size();
  }
  const char* end = text_.data() + text_.size();
  if (at != end) pieces.push_back(between(at, end));
  changes_.clear();
}

}  // namespace spidergate::json
