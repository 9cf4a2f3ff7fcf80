#pragma once
#include "output.hpp"

#include <spidergate/store/records.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace spidergate::cli {

/// Limits and budgets of a brand, a client or a token, as they are typed; what is left out changes nothing.
struct limit_options {
  std::optional<std::int64_t> rpm, rpd, tpm, max_parallel;
  std::optional<std::string> per_request, daily, weekly, monthly;  ///< US dollars, plain decimals
};

/// A command_error where a number makes no sense.
void apply(const limit_options& asked, store::limit_set& to);

/// "rpm" … "budget_monthly_usd", by the names of the management API; a budget of 0 is none, and null.
void add_limits(record& to, const store::limit_set& limits);

}  // namespace spidergate::cli
