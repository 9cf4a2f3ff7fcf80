#include <spidergate/json/splice.hpp>

namespace spidergate::json {

namespace {

std::string_view between(const char* from, const char* to) { return {from, static_cast<std::size_t>(to - from)}; }

}  // namespace

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
