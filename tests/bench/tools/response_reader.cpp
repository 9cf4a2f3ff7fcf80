#include "response_reader.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace spidergate::bench {
namespace {

bool is_named(std::string_view line, std::string_view lower_name) {
  return line.size() > lower_name.size() && line[lower_name.size()] == ':' &&
         std::equal(lower_name.begin(), lower_name.end(), line.begin(),
                    [](char expected, char c) { return expected == (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); });
}

/// The value of the field that this line is, when it has that name.
std::optional<std::string_view> value_if(std::string_view line, std::string_view lower_name) {
  if (!is_named(line, lower_name)) return std::nullopt;
  auto value = line.substr(lower_name.size() + 1);
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
  closes_ = false;
  left_ = 0;
  std::optional<state> body;
  std::string_view rest{head_};
  for (auto end = rest.find("\r\n"); end != std::string_view::npos; end = rest.find("\r\n")) {
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (line.empty()) break;
    if ((line.front() | ' ') != 'c' && (line.front() | ' ') != 't') continue;  // the three fields that matter
    if (const auto length = value_if(line, "content-length"); length && to_number(*length, 10, left_)) {
      body = left_ == 0 ? state::done : state::sized;
    } else if (const auto coding = value_if(line, "transfer-encoding"); coding == "chunked") {
      body = state::chunk_size;
    } else if (const auto connection = value_if(line, "connection")) {
      closes_ = *connection == "close";
    }
  }
  state_ = body.value_or(state::bad);
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
