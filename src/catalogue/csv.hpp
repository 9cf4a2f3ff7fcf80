#pragma once
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::catalogue {

/// Reads CSV records as RFC 4180 has them, line feed or CRLF, without copying: fields are views of the text, but for
/// those with doubled quotes, which the reader keeps. Both must outlive the fields.
class csv_reader {
 public:
  explicit csv_reader(std::string_view text) : rest_(text) {}

  /// The next record, or false at the end. A quote left open runs to the end of the text.
  bool next(std::vector<std::string_view>& fields);

 private:
  std::string_view quoted_field();
  std::string_view plain_field();

  std::string_view rest_;
  std::deque<std::string> unescaped_;
};

/// The records of a table by the names in its header line: row["model"].
class csv_table {
 public:
  explicit csv_table(std::string_view text);

  /// The position of a column. An absent one is a bug of the embedded data, hence std::logic_error.
  [[nodiscard]] std::size_t column(std::string_view name) const;
  /// False at the end. A record with another number of fields than the header has is a std::logic_error as well.
  bool next();
  [[nodiscard]] std::string_view operator[](std::size_t column) const { return fields_[column]; }

 private:
  csv_reader reader_;
  std::vector<std::string_view> header_;
  std::vector<std::string_view> fields_;
};

}  // namespace spidergate::catalogue
