#pragma once
#include <spidergate/ledger/ledger.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace spidergate::ledger::receipts {

/// The parameters of one statement, numbered as they are added.
class parameters {
 public:
  [[nodiscard]] std::string add(sql::value value) {
    values_.push_back(std::move(value));
    return '$' + std::to_string(values_.size());
  }
  [[nodiscard]] const std::vector<sql::value>& values() const noexcept { return values_; }

 private:
  std::vector<sql::value> values_;
};

/// " AND column = $n" for each part of the filter that is set, but for times and model.
[[nodiscard]] std::string equalities(const search& by, parameters& with);

}  // namespace spidergate::ledger::receipts
