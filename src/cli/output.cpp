#include "output.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <ostream>

namespace spidergate::cli {

namespace {

constexpr std::string_view nothing = "-";
constexpr std::string_view gap = "  ";

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

/// Characters, not bytes: display forms hold an ellipsis.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string text, std::size_t width) {
  const auto taken = width_of(text);
  if (taken < width) text.append(width - taken, ' ');
  return text;
}

/// "key_label" as people read it in a table's head.
std::string heading(std::string_view name) {
  std::string head(name);
  std::replace(head.begin(), head.end(), '_', ' ');
  for (auto& c : head)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return head;
}

std::string cell(const record& row, std::string_view column) {
  const auto* found = row.find(column);
  return found == nullptr || found->shown.empty() ? std::string(nothing) : found->shown;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean(text);
  for (auto& c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
  return clean;
}

record& record::text(std::string_view name, std::string_view value) {
  fields_.push_back({std::string(name), quoted(value), printable(value)});
  return *this;
}

record& record::text_or_null(std::string_view name, std::string_view value) {
  if (!value.empty()) return text(name, value);
  fields_.push_back({std::string(name), "null", {}});
  return *this;
}

record& record::time(std::string_view name, epoch_ms value) {
  return text_or_null(name, value > 0 ? to_iso8601(value) : std::string());
}

record& record::number(std::string_view name, std::int64_t value) {
  const auto digits = std::to_string(value);
  fields_.push_back({std::string(name), digits, digits});
  return *this;
}

record& record::boolean(std::string_view name, bool value) {
  fields_.push_back({std::string(name), value ? "true" : "false", value ? "yes" : "no"});
  return *this;
}

record& record::list(std::string_view name, const std::vector<std::string>& values) {
  std::string json;
  std::string shown;
  json_writer out(json);
  out.begin_array();
  for (const auto& value : values) {
    out.string(value);
    shown.append(shown.empty() ? "" : ", ").append(printable(value));
  }
  out.end_array();
  fields_.push_back({std::string(name), std::move(json), std::move(shown)});
  return *this;
}

record& record::decimal(std::string_view name, std::string_view value) {
  fields_.push_back({std::string(name), value.empty() ? "null" : std::string(value), std::string(value)});
  return *this;
}

std::string record::json() const {
  std::string text;
  json_writer out(text);
  out.begin_object();
  for (const auto& f : fields_) out.key(f.name).raw(f.json);
  out.end_object();
  return text;
}

const record::field* record::find(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const auto& f) { return f.name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

void print_one(context& in, const record& what) {
  if (in.options().json) {
    in.out() << what.json() << "\n";
    return;
  }
  std::size_t widest = 0;
  for (const auto& f : what.fields()) widest = std::max(widest, f.name.size());
  for (const auto& f : what.fields())
    in.out() << padded(f.name + ":", widest + 1) << gap << (f.shown.empty() ? nothing : f.shown) << "\n";
}

void print_done(context& in, const record& what, std::string_view sentence) {
  if (in.options().json)
    in.out() << what.json() << "\n";
  else
    in.out() << sentence << "\n";
}

void print_list(context& in, const std::vector<record>& what, std::initializer_list<std::string_view> columns,
                std::string_view when_empty) {
  auto& out = in.out();
  if (in.options().json) {
    out << "[";
    for (std::size_t i = 0; i < what.size(); ++i) out << (i == 0 ? "" : ",\n ") << what[i].json();
    out << "]\n";
    return;
  }
  if (what.empty()) {
    out << when_empty << "\n";
    return;
  }
  std::vector<std::size_t> widths;
  for (const auto column : columns) {
    auto widest = column.size();
    for (const auto& row : what) widest = std::max(widest, width_of(cell(row, column)));
    widths.push_back(widest);
  }
  const auto print_line = [&](const auto& text_of) {
    std::string line;
    auto width = widths.begin();
    for (const auto column : columns) line.append(padded(text_of(column), *width++)).append(gap);
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << "\n";
  };
  print_line(heading);
  for (const auto& row : what) print_line([&row](std::string_view column) { return cell(row, column); });
}

}  // namespace spidergate::cli
