#include "values.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace spidergate::store::postgresql {

namespace {

/// The types' numbers, fixed in PostgreSQL's catalogue (pg_type.dat).
enum : pqxx::oid {
  type_bool = 16,
  type_bytea = 17,
  type_name = 19,
  type_int8 = 20,
  type_int2 = 21,
  type_int4 = 23,
  type_text = 25,
  type_oid = 26,
  type_void = 2278,
  type_varchar = 1043,
  type_numeric = 1700,
};

constexpr std::string_view digits = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
  std::string text = "\\x";
  text.reserve(2 + 2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

unsigned nibble(char c) {
  return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
}

/// `bytea_output` is hex on our connections.
std::string from_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(nibble(text[i]) << 4U | nibble(text[i + 1]));
  }
  return bytes;
}

std::optional<sql::value> value_of(const pqxx::field& from, pqxx::oid type) {
  if (from.is_null()) return sql::value();
  const std::string_view text(from.c_str(), from.size());
  switch (type) {
    case type_int8:
    case type_int4:
    case type_int2:
    case type_oid:
    case type_numeric: {
      const auto number = parse_integer<std::int64_t>(text);
      if (!number) return std::nullopt;
      return sql::value(*number);
    }
    case type_bool:
      return sql::value(std::int64_t{text == "t" ? 1 : 0});
    case type_bytea:
      return sql::value(sql::blob{from_hex(text)});
    case type_text:
    case type_varchar:
    case type_name:
      return sql::value(std::string(text));
    case type_void:
      return sql::value();
    default:
      return std::nullopt;
  }
}

template <std::size_t Size>
bool write_if(pqxx::stream_to& to, std::span<const sql::value_view> row) {
  if (row.size() != Size) return false;
  std::array<field, Size> cells{};
  std::transform(row.begin(), row.end(), cells.begin(), [](const sql::value_view& one) { return field{one}; });
  to << cells;
  return true;
}

/// libpqxx 6 copies rows only of a size that is known when it is compiled.
template <std::size_t... Sizes>
void write_row_of(pqxx::stream_to& to, std::span<const sql::value_view> row, std::index_sequence<Sizes...>) {
  (void)((Sizes > 0 && write_if<std::max<std::size_t>(Sizes, 1)>(to, row)) || ...);
}

struct viewer {
  sql::value_view operator()(std::monostate) const { return {}; }
  sql::value_view operator()(std::int64_t number) const { return number; }
  sql::value_view operator()(const std::string& text) const { return std::string_view(text); }
  sql::value_view operator()(const sql::blob& b) const { return sql::blob_view{b.bytes}; }
};

template <class Text, class Value>
bool text_holds_nul(std::span<const Value> values) noexcept {
  return std::any_of(values.begin(), values.end(), [](const Value& one) {
    const auto* text = std::get_if<Text>(&one);
    return text && text->find('\0') != Text::npos;
  });
}

}  // namespace

std::vector<field> fields_of(std::span<const sql::value> values) {
  std::vector<field> all;
  all.reserve(values.size());
  for (const auto& one : values) all.push_back({std::visit(viewer{}, one)});
  return all;
}

void write_row(pqxx::stream_to& to, std::span<const sql::value_view> row) {
  write_row_of(to, row, std::make_index_sequence<widest_row + 1>());
}

bool holds_nul(std::span<const sql::value> values) noexcept {
  return text_holds_nul<std::string>(values);
}

bool holds_nul(std::span<const sql::value_view> values) noexcept {
  return text_holds_nul<std::string_view>(values);
}

std::optional<sql::rows> rows_of(const pqxx::result& from) {
  std::vector<pqxx::oid> types;
  for (pqxx::row_size_type i = 0; i < from.columns(); ++i) types.push_back(from.column_type(i));
  sql::rows all;
  all.reserve(from.size());
  for (const auto& one : from) {
    std::vector<sql::value> row;
    row.reserve(types.size());
    for (pqxx::row_size_type i = 0; i < from.columns(); ++i) {
      auto value = value_of(one[i], types[i]);
      if (!value) return std::nullopt;
      row.push_back(std::move(*value));
    }
    all.emplace_back(std::move(row));
  }
  return all;
}

}  // namespace spidergate::store::postgresql

std::string pqxx::string_traits<spidergate::store::postgresql::field>::to_string(
    const spidergate::store::postgresql::field& f) {
  namespace sql = spidergate::sql;
  if (const auto* number = std::get_if<std::int64_t>(&f.of)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string_view>(&f.of)) return std::string(*text);
  return spidergate::store::postgresql::to_hex(std::get<sql::blob_view>(f.of).bytes);
}
