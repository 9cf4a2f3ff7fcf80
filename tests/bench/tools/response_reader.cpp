#include "response_reader.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace spidergate::bench {
namespace {

std::string_view field(std::string_view lower_head, std::string_view name) {
  const auto at = lower_head.find(name);
  if (at == std::string_view::npos) return {};
  auto value = lower_head.substr(at + name.size());
  value = value.substr(0, value.find("\r\n"));
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

bool to_number(std::string_view text, int base, std::size_t& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number, base).ec == std::errc{};
}

}  // namespace

response_reader::progress response_reader::feed(std::string_view bytes) {
  while (!bytes.empty() && state_ != state::done && state_ != state::bad) {
    switch (state_) {
      case state::head:
        bytes = take_head(bytes);
        break;
      case state::sized:
      case state::chunk_data:
        bytes = take_body(bytes);
        break;
      default:
        bytes = take_line(bytes);
    }
  }
  if (state_ == state::bad || !bytes.empty()) return progress::broken;
  return state_ == state::done ? progress::complete : progress::more;
}

void response_reader::reset() {
  state_ = state::head;
  head_.clear();
  line_.clear();
  body_.clear();
}

std::string_view response_reader::take_head(std::string_view bytes) {
  const auto before = head_.size();
  head_.append(bytes.substr(0, 65536));
  const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (head_.size() > 65536) state_ = state::bad;
    return {};
  }
  head_.resize(end + 4);
  read_head();
  return bytes.substr(end + 4 - before);
}

void response_reader::read_head() {
  std::size_t status = 0;
  if (!head_.starts_with("HTTP/1.1 ") || !to_number(std::string_view{head_}.substr(9, 3), 10, status)) {
    state_ = state::bad;
    return;
  }
  status_ = static_cast<int>(status);
  std::transform(head_.begin(), head_.end(), head_.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  closes_ = field(head_, "\r\nconnection:").starts_with("close");
  left_ = 0;
  if (field(head_, "\r\ntransfer-encoding:") == "chunked") {
    state_ = state::chunk_size;
  } else if (to_number(field(head_, "\r\ncontent-length:"), 10, left_)) {
    state_ = left_ == 0 ? state::done : state::sized;
  } else {
    state_ = state::bad;
  }
}

std::string_view response_reader::take_body(std::string_view bytes) {
  const auto taken = std::min(left_, bytes.size());
  body_.append(bytes.substr(0, taken));
  left_ -= taken;
  if (left_ == 0) state_ = state_ == state::sized ? state::done : state::chunk_end;
  return bytes.substr(taken);
}

std::string_view response_reader::take_line(std::string_view bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) {
    line_.append(bytes);
    return {};
  }
  line_.append(bytes.substr(0, end));
  if (line_.ends_with('\r')) line_.pop_back();
  read_line();
  line_.clear();
  return bytes.substr(end + 1);
}

void response_reader::read_line() {
  if (state_ == state::chunk_end) {
    state_ = line_.empty() ? state::chunk_size : state::bad;
  } else if (state_ == state::trailer) {
    if (line_.empty()) state_ = state::done;
  } else if (!to_number(line_, 16, left_)) {
    state_ = state::bad;
  } else {
    state_ = left_ == 0 ? state::trailer : state::chunk_data;
  }
}

}  // namespace spidergate::bench
