#include "grammar.hpp"

#include <spidergate/json/reader.hpp>

#include <simdjson.h>

#include <algorithm>
#include <vector>

namespace spidergate::json {

namespace {

// A thread that once saw a huge body does not keep its index for ever.
constexpr std::size_t small_text = 256 * 1024;
constexpr std::size_t keep_at_most = 1024 * 1024;

}  // namespace

struct reader::index {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> finder;
  std::size_t capacity = 0;
  std::vector<std::uint32_t> closers;
  token_table table;
  fault failed;

  [[nodiscard]] bool make_room(std::size_t size) {
    const bool too_big = capacity > keep_at_most && size <= small_text;
    if (finder && size <= capacity && !too_big) return true;
    capacity = std::max<std::size_t>(size, 16 * 1024);
    if (too_big) closers = {};
    finder.reset();
    return simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, max_depth, finder) ==
           simdjson::SUCCESS;
  }

  bool fail(fault why) {
    failed = std::move(why);
    return false;
  }

  bool check(std::string_view text, surrogates rule);
};

bool reader::index::check(std::string_view text, surrogates rule) {
  table = {text, nullptr, nullptr};
  if (!make_room(text.size())) return fail({"the text is too large to be read", 0});
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto code = finder->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  if (code == simdjson::EMPTY || text.empty()) return fail({"it is empty", 0});
  if (code != simdjson::SUCCESS) return fail(find_string_fault(text));
  const std::uint32_t count = finder->n_structural_indexes;
  if (closers.size() < count) closers.resize(std::max<std::size_t>(count, 256));
  table = {text, finder->structural_indexes.get(), closers.data()};
  grammar walk(table, count, closers.data(), rule);
  return walk.check() || fail(walk.failure());
}

reader::reader() : index_(std::make_unique<index>()) {}
reader::~reader() = default;
reader::reader(reader&&) noexcept = default;
reader& reader::operator=(reader&&) noexcept = default;

bool reader::read(std::string_view text, surrogates rule) {
  return index_->check(text, rule);
}
value reader::root() const noexcept {
  return {index_->table, 0};
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
