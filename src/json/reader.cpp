#include "grammar.hpp"

#include <spidergate/json/reader.hpp>

#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace spidergate::json {

namespace {

constexpr std::size_t longest_text = (std::size_t{1} << 31) - 1;  // node::end

bool is_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace

struct reader::index {
  node_list nodes;
  std::string_view text;
  fault failed;

  bool fail(fault why) {
    failed = std::move(why);
    return false;
  }

  bool check(std::string_view whole, surrogates rule);
};

bool reader::index::check(std::string_view whole, surrogates rule) {
  text = whole;
  nodes.clear();
  if (text.size() > longest_text) return fail({"the text is too large to be read", 0});
  std::string_view checked = text.substr(0, text.find_last_not_of(" \n\r\t") + 1);
  std::string followed_by_nul;
  if (!checked.ends_with('}') && !checked.ends_with(']')) checked = followed_by_nul = checked;
  grammar walk(checked, rule, nodes);
  const bool sound = walk.check();
  const std::size_t faulty = walk.failure().offset;
  const bool odd_byte = sound ? walk.beyond_ascii() : faulty < text.size() && (text[faulty] & 0x80) != 0;
  if (odd_byte && !is_utf8(text)) return fail({"it is not valid UTF-8", find_bad_utf8(text)});
  return sound || fail(walk.failure());
}

reader::reader() : index_(std::make_unique<index>()) {}
reader::~reader() = default;
reader::reader(reader&&) noexcept = default;
reader& reader::operator=(reader&&) noexcept = default;

bool reader::read(std::string_view text, surrogates rule) {
  return index_->check(text, rule);
}
value reader::root() const noexcept {
  return {index_->text.data(), index_->nodes.data()};
}
const fault& reader::failure() const noexcept {
  return index_->failed;
}

std::string place_of(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string_view without_bom(std::string_view text) noexcept {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

}  // namespace spidergate::json
