#include "limit_fields.hpp"

namespace spidergate::api {

void limit_fields::read(body_reader& from) {
  constexpr std::int64_t expressly_none = -1;
  from.whole("rpm", rpm, expressly_none).whole("rpd", rpd, expressly_none);
  from.whole("tpm", tpm, expressly_none).whole("max_parallel", max_parallel, expressly_none);
  from.usd("budget_per_request_usd", per_request).usd("budget_daily_usd", daily);
  from.usd("budget_weekly_usd", weekly).usd("budget_monthly_usd", monthly);
}

bool limit_fields::empty() const noexcept {
  return !rpm && !rpd && !tpm && !max_parallel && !per_request && !daily && !weekly && !monthly;
}

void limit_fields::apply_to(store::limit_set& limits) const {
  limits.rpm = rpm.value_or(limits.rpm);
  limits.rpd = rpd.value_or(limits.rpd);
  limits.tpm = tpm.value_or(limits.tpm);
  limits.max_parallel = max_parallel.value_or(limits.max_parallel);
  limits.per_request = per_request.value_or(limits.per_request);
  limits.daily = daily.value_or(limits.daily);
  limits.weekly = weekly.value_or(limits.weekly);
  limits.monthly = monthly.value_or(limits.monthly);
}

void write_limits(json_writer& out, const store::limit_set& limits) {
  out.key("rpm").number(limits.rpm).key("rpd").number(limits.rpd).key("tpm").number(limits.tpm);
  out.key("max_parallel").number(limits.max_parallel);
  for (const auto& [name, budget] :
       {std::pair{"budget_per_request_usd", limits.per_request}, std::pair{"budget_daily_usd", limits.daily},
        std::pair{"budget_weekly_usd", limits.weekly}, std::pair{"budget_monthly_usd", limits.monthly}}) {
    out.key(name);
    budget > money{} ? out.raw(budget.to_usd()) : out.null();
  }
}

void time_or_null(json_writer& out, std::string_view name, epoch_ms time) {
  out.key(name);
  time > 0 ? out.string(to_iso8601(time)) : out.null();
}

void text_or_null(json_writer& out, std::string_view name, std::string_view text) {
  out.key(name);
  text.empty() ? out.null() : out.string(text);
}

void text_list(json_writer& out, std::string_view name, const std::vector<std::string>& texts) {
  out.key(name).begin_array();
  for (const auto& text : texts) out.string(text);
  out.end_array();
}

}  // namespace spidergate::api
