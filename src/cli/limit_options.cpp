#include "limit_options.hpp"

#include <utility>

namespace spidergate::cli {

namespace {

void apply_number(const char* option, const std::optional<std::int64_t>& asked, std::int64_t& to) {
  if (!asked) return;
  if (*asked < -1)
    throw command_error{exit_code::usage,
                        std::string(option) + " takes a positive number, 0 for the default or -1 for no limit."};
  to = *asked;
}

void apply_budget(const char* option, const std::optional<std::string>& asked, money& to) {
  if (!asked) return;
  const auto amount = money::from_usd(*asked);
  if (!amount || *amount < money{})
    throw command_error{exit_code::usage, std::string(option) +
                                              " takes US dollars such as 25 or 0.5, at most nine decimals; 0 for "
                                              "no budget."};
  to = *amount;
}

}  // namespace

void apply(const limit_options& asked, store::limit_set& to) {
  apply_number("--rate-limit", asked.rpm, to.rpm);
  apply_number("--rpd", asked.rpd, to.rpd);
  apply_number("--tpm", asked.tpm, to.tpm);
  apply_number("--max-parallel", asked.max_parallel, to.max_parallel);
  apply_budget("--budget-per-request", asked.per_request, to.per_request);
  apply_budget("--budget-daily", asked.daily, to.daily);
  apply_budget("--budget-weekly", asked.weekly, to.weekly);
  apply_budget("--budget-monthly", asked.monthly, to.monthly);
}

void add_limits(record& to, const store::limit_set& limits) {
  to.number("rpm", limits.rpm).number("rpd", limits.rpd).number("tpm", limits.tpm);
  to.number("max_parallel", limits.max_parallel);
  for (const auto& [name, budget] :
       {std::pair{"budget_per_request_usd", limits.per_request}, std::pair{"budget_daily_usd", limits.daily},
        std::pair{"budget_weekly_usd", limits.weekly}, std::pair{"budget_monthly_usd", limits.monthly}})
    to.decimal(name, budget > money{} ? budget.to_usd() : std::string());
}

}  // namespace spidergate::cli
