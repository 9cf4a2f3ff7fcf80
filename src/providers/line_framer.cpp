#include "line_framer.hpp"

namespace spidergate::providers {

namespace {

std::string_view without_blank_ends(std::string_view line) {
  while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.remove_suffix(1);
  while (!line.empty() && static_cast<unsigned char>(line.front()) <= ' ') line.remove_prefix(1);
  return line;
}

}  // namespace

line_framer::step line_framer::next(std::string_view& line) {
  if (dispatched_) partial_.clear();
  dispatched_ = false;
  while (!input_.empty()) {
    const auto end = input_.find('\n');
    const auto piece = input_.substr(0, end);
    if (partial_.size() + piece.size() > limit_) return step::oversize;
    if (end == std::string_view::npos) {
      partial_.append(piece);
      input_ = {};
      break;
    }
    input_.remove_prefix(end + 1);
    if (partial_.empty()) {
      line = without_blank_ends(piece);
    } else {
      line = without_blank_ends(partial_.append(piece));
      dispatched_ = true;
    }
    if (!line.empty()) return step::line;
    partial_.clear();
    dispatched_ = false;
  }
  return step::more;
}

bool line_framer::finish(std::string_view& line) {
  if (dispatched_) partial_.clear();
  dispatched_ = true;
  line = without_blank_ends(partial_);
  return !line.empty();
}

}  // namespace spidergate::providers
