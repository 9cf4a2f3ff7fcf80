#include <spidergate/providers/sse_framer.hpp>

#include <cstring>

namespace spidergate::providers {

namespace {

constexpr std::size_t npos = std::string_view::npos;
// Room for a field's name beside the largest data.
constexpr std::size_t field_name_bytes = 64;

}  // namespace

void sse_framer::feed(std::string_view bytes) noexcept {
  input_ = bytes;
  at_ = 0;
  lf_sought_ = false;
}

void sse_framer::skip(std::size_t bytes) noexcept {
  forget_dispatched();
  at_ += bytes;
}

sse_framer::step sse_framer::next(sse_event& event) {
  forget_dispatched();
  while (!stuck_) {
    switch (take_line()) {
      case found::none:
        keep_unfinished();
        return step::more;
      case found::too_long:
        stuck_ = true;
        continue;
      case found::line:
        break;
    }
    if (line_.empty() && dispatch(event)) return step::event;
    if (!line_.empty() && !field()) stuck_ = true;
  }
  return step::oversize;
}

bool sse_framer::finish(sse_event& event) {
  forget_dispatched();
  if (stuck_) return false;
  if (!partial_.empty()) {
    line_text_.swap(partial_);
    partial_.clear();
    line_ = line_text_;
    line_in_input_ = false;
    if (!field()) return false;
  }
  return dispatch(event);
}

sse_framer::found sse_framer::take_line() {
  if (after_cr_ && at_ < input_.size()) {
    after_cr_ = false;
    if (input_[at_] == '\n') ++at_;
  }
  const std::size_t end = line_end();
  const auto piece = input_.substr(at_, end == npos ? npos : end - at_);
  if (partial_.size() + piece.size() > limit_ + field_name_bytes) return found::too_long;
  if (end == npos) {
    partial_.append(piece);
    at_ = input_.size();
    return found::none;
  }
  at_ = end + 1;
  if (input_[end] == '\r') {
    after_cr_ = at_ == input_.size();
    if (!after_cr_ && input_[at_] == '\n') ++at_;
  }
  line_in_input_ = partial_.empty();
  if (!line_in_input_) {
    partial_.append(piece);
    line_text_.swap(partial_);
    partial_.clear();
  }
  line_ = line_in_input_ ? piece : std::string_view(line_text_);
  if (first_line_ && line_.starts_with("\xEF\xBB\xBF")) line_.remove_prefix(3);
  first_line_ = false;
  return found::line;
}

std::size_t sse_framer::line_end() noexcept {
  if (!lf_sought_ || (next_lf_ != npos && next_lf_ < at_)) next_lf_ = input_.find('\n', at_);
  lf_sought_ = true;
  const auto before = input_.substr(at_, next_lf_ == npos ? npos : next_lf_ - at_);
  const std::size_t cr = before.find('\r');
  return cr == npos ? next_lf_ : at_ + cr;
}

bool sse_framer::field() {
  const std::size_t colon = line_.find(':');
  const auto name = line_.substr(0, colon);
  auto value = colon == npos ? std::string_view() : line_.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") return add_data(value);
  if (name == "event") type_ = value;
  return true;
}

bool sse_framer::add_data(std::string_view value) {
  if (!has_data_) {
    has_data_ = true;
    data_in_input_ = line_in_input_;
    if (!data_in_input_) data_text_ = value;
    data_ = data_in_input_ ? value : std::string_view(data_text_);
    return data_.size() <= limit_;
  }
  if (data_.size() + 1 + value.size() > limit_) return false;
  keep_unfinished();
  data_text_.push_back('\n');
  data_text_.append(value);
  data_ = data_text_;
  return true;
}

bool sse_framer::dispatch(sse_event& event) {
  if (!has_data_) {
    type_.clear();
    return false;
  }
  event = {type_, data_};
  dispatched_ = true;
  return true;
}

/// What an event shows must stand until the next call, so its state is cleared only then.
void sse_framer::forget_dispatched() noexcept {
  if (!dispatched_) return;
  dispatched_ = has_data_ = false;
  type_.clear();
}

void sse_framer::keep_unfinished() {
  if (!has_data_ || !data_in_input_) return;
  data_text_ = data_;
  data_ = data_text_;
  data_in_input_ = false;
}

}  // namespace spidergate::providers
