#include "csv.hpp"

#include <algorithm>
#include <stdexcept>

namespace spidergate::catalogue {

bool csv_reader::next(std::vector<std::string_view>& fields) {
  fields.clear();
  if (rest_.empty()) return false;
  while (true) {
    fields.push_back(rest_.starts_with('"') ? quoted_field() : plain_field());
    if (rest_.starts_with(',')) {
      rest_.remove_prefix(1);
      continue;
    }
    if (rest_.starts_with('\r')) rest_.remove_prefix(1);
    if (rest_.starts_with('\n')) rest_.remove_prefix(1);
    return true;
  }
}

std::string_view csv_reader::plain_field() {
  auto end = rest_.find_first_of(",\n");
  if (end == std::string_view::npos) end = rest_.size();
  if (end > 0 && rest_[end - 1] == '\r') --end;
  const auto field = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return field;
}

std::string_view csv_reader::quoted_field() {
  rest_.remove_prefix(1);
  std::string* copy = nullptr;
  while (true) {
    const auto quote = std::min(rest_.find('"'), rest_.size());
    const auto part = rest_.substr(0, quote);
    rest_.remove_prefix(std::min(quote + 1, rest_.size()));
    const bool doubled = rest_.starts_with('"');
    if (!doubled && copy == nullptr) return part;
    if (copy == nullptr) copy = &unescaped_.emplace_back();
    copy->append(part);
    if (!doubled) return *copy;
    copy->push_back('"');
    rest_.remove_prefix(1);
  }
}

csv_table::csv_table(std::string_view text) : reader_(text) {
  reader_.next(header_);
}

std::size_t csv_table::column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) throw std::logic_error("the table has no column " + std::string(name));
  return static_cast<std::size_t>(found - header_.begin());
}

bool csv_table::next() {
  if (!reader_.next(fields_)) return false;
  if (fields_.size() != header_.size())
    throw std::logic_error("a record has another number of fields than the header: " + std::string(fields_[0]));
  return true;
}

}  // namespace spidergate::catalogue
