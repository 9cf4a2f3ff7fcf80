#include "values.hpp"

#include <spidergate/core/ascii.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace spidergate::store::postgresql {

namespace {

/// The types' numbers, fixed in PostgreSQL's catalogue (pg_type.dat).
enum : Oid {
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

void append_hex(std::string& text, std::string_view bytes) {
  text.reserve(text.size() + 2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
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

std::optional<sql::value> value_of(std::string_view text, Oid type) {
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

/// What would end a cell or a line, and the character that says so.
void append_escaped(std::string& to, std::string_view text) {
  constexpr std::string_view special = "\\\b\f\n\r\t\v";
  constexpr std::string_view letters = "\\bfnrtv";
  for (std::size_t at = 0; (at = text.find_first_of(special)) != std::string_view::npos; text.remove_prefix(at + 1)) {
    to.append(text.substr(0, at));
    to += '\\';
    to += letters[special.find(text[at])];
  }
  to.append(text);
}

struct cell_writer {
  void operator()(std::monostate) const { to += "\\N"; }
  void operator()(std::int64_t number) const { to += std::to_string(number); }
  void operator()(std::string_view text) const { append_escaped(to, text); }
  void operator()(sql::blob_view b) const { append_hex(to += R"(\\x)", b.bytes); }
  std::string& to;
};

template <class Text, class Value>
bool text_holds_nul(std::span<const Value> values) noexcept {
  return std::any_of(values.begin(), values.end(), [](const Value& one) {
    const auto* text = std::get_if<Text>(&one);
    return text && text->find('\0') != Text::npos;
  });
}

}  // namespace

parameter_list::parameter_list(std::span<const sql::value> values) {
  written_.reserve(values.size());  // so that its texts stay where they are
  texts_.reserve(values.size());
  for (const auto& one : values) {
    if (const auto* text = std::get_if<std::string>(&one)) {
      texts_.push_back(text->c_str());
    } else if (const auto* number = std::get_if<std::int64_t>(&one)) {
      texts_.push_back(written_.emplace_back(std::to_string(*number)).c_str());
    } else if (const auto* bytes = std::get_if<sql::blob>(&one)) {
      append_hex(written_.emplace_back("\\x"), bytes->bytes);
      texts_.push_back(written_.back().c_str());
    } else {
      texts_.push_back(nullptr);
    }
  }
}

void append_line(std::string& to, std::span<const sql::value_view> row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i != 0) to += '\t';
    std::visit(cell_writer{to}, row[i]);
  }
  to += '\n';
}

bool holds_nul(std::span<const sql::value> values) noexcept {
  return text_holds_nul<std::string>(values);
}

bool holds_nul(std::span<const sql::value_view> values) noexcept {
  return text_holds_nul<std::string_view>(values);
}

std::optional<sql::rows> rows_of(const libpq& pq, const PGresult& from) {
  const int columns = pq.nfields(&from);
  std::vector<Oid> types;
  for (int i = 0; i < columns; ++i) types.push_back(pq.ftype(&from, i));
  const int count = pq.ntuples(&from);
  sql::rows all;
  all.reserve(static_cast<std::size_t>(count));
  for (int at = 0; at < count; ++at) {
    std::vector<sql::value> row;
    row.reserve(types.size());
    for (int i = 0; i < columns; ++i) {
      if (pq.getisnull(&from, at, i) != 0) {
        row.emplace_back();
        continue;
      }
      const std::string_view text(pq.getvalue(&from, at, i), static_cast<std::size_t>(pq.getlength(&from, at, i)));
      auto value = value_of(text, types[static_cast<std::size_t>(i)]);
      if (!value) return std::nullopt;
      row.push_back(std::move(*value));
    }
    all.emplace_back(std::move(row));
  }
  return all;
}

}  // namespace spidergate::store::postgresql
