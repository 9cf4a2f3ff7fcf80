#pragma once
#include <spidergate/cli/context.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::cli {

/// One thing that a command prints, as named values in order; each for programs (JSON) and for people.
class record {
 public:
  struct field {
    std::string name, json, shown;
  };

  record& text(std::string_view name, std::string_view value);
  /// null where empty, and for an absent time (0)
  record& text_or_null(std::string_view name, std::string_view value);
  record& time(std::string_view name, epoch_ms value);
  record& number(std::string_view name, std::int64_t value);
  record& boolean(std::string_view name, bool value);
  record& list(std::string_view name, const std::vector<std::string>& values);
  /// A number that is text already ("0.000013"); null where empty.
  record& decimal(std::string_view name, std::string_view value);

  [[nodiscard]] std::string json() const;
  [[nodiscard]] const field* find(std::string_view name) const;
  [[nodiscard]] const std::vector<field>& fields() const noexcept { return fields_; }

 private:
  std::vector<field> fields_;
};

/// An object with --json; else "name: value" lines.
void print_one(context& in, const record& what);
/// An object with --json; else the sentence.
void print_done(context& in, const record& what, std::string_view sentence);
/// An array of objects with --json; else a table of the named columns, or `when_empty`.
void print_list(context& in, const std::vector<record>& what, std::initializer_list<std::string_view> columns,
                std::string_view when_empty);

/// Without control characters, which could play tricks on a terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace spidergate::cli
