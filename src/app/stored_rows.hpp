#pragma once
#include <spidergate/store/records.hpp>
#include <spidergate/store/sql.hpp>

#include <vector>

namespace spidergate::app {

/// Everything that requests are answered from: the rows of the store that a server keeps in memory.
struct stored_rows {
  std::vector<store::token_record> tokens;
  std::vector<store::client_record> clients;
  std::vector<store::brand_record> brands;
  std::vector<store::alias_record> aliases;
  std::vector<store::rule_record> rules;
  std::vector<store::integration_record> integrations;
};

/// Reads them; the first failure ends it. What is changed meanwhile raises the store's version once more, so whoever
/// reads after a change reads again.
[[nodiscard]] result<stored_rows> read_rows(sql::connection& on);

}  // namespace spidergate::app
