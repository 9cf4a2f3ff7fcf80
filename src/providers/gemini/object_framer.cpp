#include "object_framer.hpp"

namespace spidergate::providers::gemini {

namespace {

constexpr std::size_t reader_slack = 64;

bool between_objects(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '[' || c == ']';
}

}  // namespace

/// Goes on to the end of the object; `used` counts the bytes that belong to it.
bool object_framer::scan(std::size_t& used) {
  while (used < input_.size()) {
    const char c = input_[used++];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      return true;
    }
  }
  return false;
}

object_framer::step object_framer::next(std::string_view& object) {
  if (given_) object_.clear();
  given_ = false;
  if (depth_ == 0) {
    while (!input_.empty() && between_objects(input_.front())) input_.remove_prefix(1);
    if (input_.empty()) return step::more;
    if (input_.front() != '{') return step::nonsense;
  }
  std::size_t used = 0;
  const bool whole = scan(used);
  if (object_.size() + used > limit_) return step::oversize;
  object_.append(input_.substr(0, used));
  input_.remove_prefix(used);
  if (!whole) return step::more;
  object_.reserve(object_.size() + reader_slack);
  object = object_;
  given_ = true;
  return step::object;
}

}  // namespace spidergate::providers::gemini
